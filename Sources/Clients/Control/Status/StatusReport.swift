import Commands
import ControlProtocol
import EventLoop
import LogProtocol

/// The state of the log server and the connector.
struct StatusReport {
  /// The log server's status, or the reason why it is down.
  let logServer: Result<Sampled<ServerStatus>, ClientFailure>
  /// The connector's statistics, or the reason why it is down.
  let connector: Result<Sampled<ConnectorStatistics>, ClientFailure>

  /// `succeeded` if both are up and the log server accepts the connector; `unreachable` if both are down.
  var exitStatus: ExitStatus {
    switch (logServer, connector) {
    case (.success, .success(let sampled)): sampled.second.refusal.isEmpty ? .succeeded : .someFailed
    case (.failure, .failure): .unreachable
    default: .someFailed
    }
  }

  /// Lines for people.
  ///
  /// - Parameter now: ns since the Unix epoch, to compute ages.
  func lines(now: UInt64) -> [String] {
    var lines: [String] = []
    switch logServer {
    case .failure(let failure): lines.append("logserver  DOWN  \(failure.sentence)")
    case .success(let sampled): lines += Self.lines(sampled, now: now)
    }
    switch connector {
    case .failure(let failure): lines.append("connector  DOWN  \(failure.sentence)")
    case .success(let sampled): lines += Self.lines(sampled, now: now)
    }
    return lines
  }

  private static func lines(_ sampled: Sampled<ServerStatus>, now: UInt64) -> [String] {
    let status = sampled.second
    var lines = [
      "logserver  up    \(since(status.since, now)), pid \(status.process), version \(status.version)",
      "  records     \(sampled.text(\.records)), \(sampled.bytes(\.bytes))",
      "  readers     \(status.readers), \(status.archivingReaders) archiving; missed by slow ones: "
        + "\(status.missedRecords) records, \(Quantity.bytes(status.missedBytes))",
    ]
    for source in status.sources {
      let name = source.description.name.isEmpty ? "" : " \"\(source.description.name)\""
      lines.append(
        "  source      \(source.id) \(source.description.kind)\(name), pid \(source.description.process): "
          + "last record \(source.lastSequence), acknowledged \(source.acknowledged), "
          + Quantity.counted(source.connections, "open connection")
      )
    }
    return lines
  }

  private static func lines(_ sampled: Sampled<ConnectorStatistics>, now: UInt64) -> [String] {
    let statistics = sampled.second
    return [
      "connector  up    \(since(statistics.since, now)), pid \(statistics.processID), version "
        + "\(statistics.version), network \(statistics.networkName)",
      "  connections \(statistics.openOutbound) out, \(statistics.openInbound) in, \(statistics.connecting) "
        + "connecting, \(statistics.handshaking) in handshake; \(statistics.connectsFailed) of "
        + "\(statistics.connectsBegun) connects failed",
      "  received    \(sampled.text(\.messagesReceived)) messages, \(sampled.bytes(\.bytesReceived))",
      "  sent        \(sampled.text(\.messagesSent)) messages, \(sampled.bytes(\.bytesSent))",
      "  records     \(sampled.text(\.recordsPublished)) published, \(statistics.recordsAcknowledged) "
        + "acknowledged, \(statistics.recordsWaiting) waiting, \(Quantity.bytes(statistics.bytesWaiting)) unsent, "
        + "\(statistics.recordsDropped) dropped",
      "  log server  \(logServer(statistics))",
    ]
  }

  private static func logServer(_ statistics: ConnectorStatistics) -> String {
    if statistics.isPublishing { return "joined as source \(statistics.source)" }
    if statistics.refusal.isEmpty { return "not joined: records are kept" }
    return "REFUSES the connector: \(statistics.refusal); records are kept"
  }

  private static func since(_ time: UInt64, _ now: UInt64) -> String {
    "since \(Quantity.time(time)) (\(Quantity.age(now > time ? (now - time) / 1_000_000_000 : 0)))"
  }
}
