import BitcoinWire
import Commands
import ControlProtocol
import JSON
import LogText

/// Formats connections.
enum NodeTable {
  /// Connections as aligned columns, with a heading line.
  ///
  /// - Parameter now: ns since the Unix epoch, to compute ages.
  static func lines(
    _ connections: [ConnectionInfo],
    _ columns: [ConnectionColumn] = ConnectionColumn.usual,
    now: UInt64
  ) -> [String] {
    var table = Table(columns.map(\.column))
    for connection in connections { table.add(columns.map { $0.text(connection, now: now) }) }
    return table.lines
  }

  /// A connection as JSON; times in ns, null if a value is unknown.
  static func json(_ connection: ConnectionInfo) -> JSONWriter {
    let isIntroduced = connection.introduction.protocolVersion != 0
    func known<T>(_ value: T) -> T? { isIntroduced ? value : nil }
    func nonzero(_ value: UInt64) -> UInt64? { value == 0 ? nil : value }
    var json = JSONWriter()
    json.member("id", connection.id)
    json.member("address", connection.remote.description)
    json.member("network", connection.remote.address.network.description)
    json.member("local", connection.local.description)
    json.member("direction", connection.direction.description)
    json.member("state", connection.state.description)
    json.member("version", known(connection.introduction.protocolVersion))
    json.member("user_agent", known(EscapedText.utf8(connection.introduction.userAgent)))
    json.member("services", known(connection.introduction.services.names))
    json.member("height", known(connection.introduction.startHeight))
    json.member("relay", known(connection.introduction.relay))
    json.member("features", known(connection.features.names))
    json.member("fee_filter", nonzero(connection.feeFilter))
    json.member("ping_ns", nonzero(connection.ping))
    json.member("shortest_ping_ns", nonzero(connection.shortestPing))
    json.member("bytes_in", connection.bytesReceived)
    json.member("bytes_out", connection.bytesSent)
    json.member("bytes_waiting", connection.bytesWaiting)
    json.member("messages_in", connection.messagesReceived)
    json.member("messages_out", connection.messagesSent)
    json.member("since_ns", connection.since)
    json.member("opened_ns", nonzero(connection.opened))
    json.member("last_received_ns", nonzero(connection.lastReceived))
    json.member("last_sent_ns", nonzero(connection.lastSent))
    return json
  }
}
