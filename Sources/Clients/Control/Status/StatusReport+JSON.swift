import Commands
import ControlProtocol
import JSON
import LogProtocol
import LogText

extension StatusReport {
  /// The whole report as one JSON object.
  var json: JSONWriter {
    var json = JSONWriter()
    json.object("logserver") { json in
      switch logServer {
      case .failure(let failure): Self.write(failure, to: &json)
      case .success(let sampled): Self.write(sampled, to: &json)
      }
    }
    json.object("connector") { json in
      switch connector {
      case .failure(let failure): Self.write(failure, to: &json)
      case .success(let sampled): Self.write(sampled, to: &json)
      }
    }
    return json
  }

  private static func write(_ failure: ClientFailure, to json: inout JSONWriter) {
    json.member("up", false)
    json.member("reason", failure.sentence)
  }

  private static func write(_ sampled: Sampled<ServerStatus>, to json: inout JSONWriter) {
    let status = sampled.second
    json.member("up", true)
    json.member("since_ns", status.since)
    json.member("pid", status.process)
    json.member("version", status.version)
    json.member("records", status.records)
    json.member("records_per_second", sampled.rate(\.records))
    json.member("bytes", status.bytes)
    json.member("bytes_per_second", sampled.rate(\.bytes))
    json.member("readers", status.readers)
    json.member("archiving_readers", status.archivingReaders)
    json.member("missed_records", status.missedRecords)
    json.member("missed_bytes", status.missedBytes)
    json.objects("sources", status.sources) { json, source in
      json.member("id", source.id)
      json.member("kind", source.description.kind)
      json.member("name", source.description.name)
      json.member("pid", source.description.process)
      json.member("last_sequence", source.lastSequence)
      json.member("acknowledged", source.acknowledged)
      json.member("connections", source.connections)
    }
  }

  private static func write(_ sampled: Sampled<ConnectorStatistics>, to json: inout JSONWriter) {
    let statistics = sampled.second
    json.member("up", true)
    json.member("since_ns", statistics.since)
    json.member("pid", statistics.processID)
    json.member("version", statistics.version)
    json.member("network", statistics.networkName)
    json.member("source", statistics.source)
    json.member("publishing", statistics.isPublishing)
    json.member("refusal", statistics.refusal.isEmpty ? nil : statistics.refusal)
    json.member("open_outbound", statistics.openOutbound)
    json.member("open_inbound", statistics.openInbound)
    json.member("connecting", statistics.connecting)
    json.member("handshaking", statistics.handshaking)
    json.member("connects_begun", statistics.connectsBegun)
    json.member("connects_failed", statistics.connectsFailed)
    json.member("connects_waiting", statistics.connectsWaiting)
    json.member("connections_kept", statistics.connectionsKept)
    json.member("accepted", statistics.accepted)
    json.member("messages_in", statistics.messagesReceived)
    json.member("messages_in_per_second", sampled.rate(\.messagesReceived))
    json.member("messages_out", statistics.messagesSent)
    json.member("messages_out_per_second", sampled.rate(\.messagesSent))
    json.member("bytes_in", statistics.bytesReceived)
    json.member("bytes_out", statistics.bytesSent)
    json.member("records_published", statistics.recordsPublished)
    json.member("records_acknowledged", statistics.recordsAcknowledged)
    json.member("records_waiting", statistics.recordsWaiting)
    json.member("bytes_waiting", statistics.bytesWaiting)
    json.member("records_dropped", statistics.recordsDropped)
    json.member("clients", statistics.clients)
    json.member("registered_messages", statistics.registeredMessages)
  }
}
