import ControlProtocol
import LogProtocol

extension StatusReport {
  /// The whole report for programs.
  var json: JSONValue {
    ["logserver": logServerJSON, "connector": connectorJSON]
  }

  private var logServerJSON: JSONValue {
    let sampled: Sampled<ServerStatus>
    switch logServer {
    case .failure(let failure): return Self.down(failure)
    case .success(let value): sampled = value
    }
    let status = sampled.second
    return [
      "up": .bool(true), "since_ns": .unsigned(status.since), "pid": .unsigned(UInt64(status.process)),
      "version": .string(status.version), "records": .unsigned(status.records),
      "records_per_second": Self.rate(sampled.rate(\.records)), "bytes": .unsigned(status.bytes),
      "bytes_per_second": Self.rate(sampled.rate(\.bytes)), "readers": .unsigned(UInt64(status.readers)),
      "archiving_readers": .unsigned(UInt64(status.archivingReaders)),
      "missed_records": .unsigned(status.missedRecords), "missed_bytes": .unsigned(status.missedBytes),
      "sources": .array(
        status.sources.map { source in
          [
            "id": .unsigned(UInt64(source.id)), "kind": .string(source.description.kind),
            "name": .string(source.description.name), "pid": .unsigned(UInt64(source.description.process)),
            "last_sequence": .unsigned(source.lastSequence),
            "acknowledged": .unsigned(source.acknowledged),
            "connections": .unsigned(UInt64(source.connections)),
          ]
        }
      ),
    ]
  }

  private var connectorJSON: JSONValue {
    let sampled: Sampled<ConnectorStatistics>
    switch connector {
    case .failure(let failure): return Self.down(failure)
    case .success(let value): sampled = value
    }
    let statistics = sampled.second
    return [
      "up": .bool(true), "since_ns": .unsigned(statistics.since),
      "pid": .unsigned(UInt64(statistics.processID)), "version": .string(statistics.version),
      "network": .string(statistics.networkName), "source": .unsigned(UInt64(statistics.source)),
      "publishing": .bool(statistics.isPublishing),
      "open_outbound": .unsigned(statistics.openOutbound), "open_inbound": .unsigned(statistics.openInbound),
      "connecting": .unsigned(statistics.connecting), "handshaking": .unsigned(statistics.handshaking),
      "connects_begun": .unsigned(statistics.connectsBegun),
      "connects_failed": .unsigned(statistics.connectsFailed), "accepted": .unsigned(statistics.accepted),
      "messages_in": .unsigned(statistics.messagesReceived),
      "messages_in_per_second": Self.rate(sampled.rate(\.messagesReceived)),
      "messages_out": .unsigned(statistics.messagesSent),
      "messages_out_per_second": Self.rate(sampled.rate(\.messagesSent)),
      "bytes_in": .unsigned(statistics.bytesReceived), "bytes_out": .unsigned(statistics.bytesSent),
      "records_published": .unsigned(statistics.recordsPublished),
      "records_acknowledged": .unsigned(statistics.recordsAcknowledged),
      "records_waiting": .unsigned(statistics.recordsWaiting),
      "bytes_waiting": .unsigned(statistics.bytesWaiting),
      "records_dropped": .unsigned(statistics.recordsDropped), "clients": .unsigned(statistics.clients),
      "registered_messages": .unsigned(statistics.registeredMessages),
    ]
  }

  private static func down(_ failure: ClientFailure) -> JSONValue {
    ["up": .bool(false), "reason": .string(failure.sentence)]
  }

  private static func rate(_ rate: Double?) -> JSONValue { rate.map(JSONValue.number) ?? .null }
}
