import BitcoinWire
import ControlProtocol
import JSON
import LogText

/// Connections as text.
enum NodeTable {
  /// The connections as aligned columns, the first line naming them.
  ///
  /// - Parameter now: ns since the Unix epoch, for the ages.
  static func lines(_ connections: [ConnectionInfo], now: UInt64) -> [String] {
    var table = Table([
      .init("ID", .trailing), .init("ADDRESS"), .init("DIR"), .init("STATE"), .init("VERSION", .trailing),
      .init("USER AGENT"), .init("SERVICES"), .init("HEIGHT", .trailing), .init("PING ms", .trailing),
      .init("IN", .trailing), .init("OUT", .trailing), .init("AGE", .trailing),
    ])
    for connection in connections {
      let isIntroduced = connection.protocolVersion != 0
      table.add([
        "\(connection.id)",
        "\(connection.remote)",
        connection.direction == .outbound ? "out" : "in",
        "\(connection.state)",
        isIntroduced ? "\(connection.protocolVersion)" : "-",
        isIntroduced ? EscapedText.utf8(connection.userAgent) : "-",
        isIntroduced ? "\(connection.services)" : "-",
        isIntroduced ? "\(connection.startHeight)" : "-",
        connection.ping == 0 ? "-" : Quantity.milliseconds(connection.ping),
        "\(connection.messagesReceived)",
        "\(connection.messagesSent)",
        Quantity.age(now > connection.since ? (now - connection.since) / 1_000_000_000 : 0),
      ])
    }
    return table.lines
  }

  /// A connection for programs; times in ns, null where something is not known.
  static func json(_ connection: ConnectionInfo) -> JSONWriter {
    let isIntroduced = connection.protocolVersion != 0
    func known<T>(_ value: T) -> T? { isIntroduced ? value : nil }
    var json = JSONWriter()
    json.member("id", connection.id)
    json.member("address", connection.remote.description)
    json.member("network", connection.remote.address.network.description)
    json.member("local", connection.local.description)
    json.member("direction", connection.direction.description)
    json.member("state", connection.state.description)
    json.member("version", known(connection.protocolVersion))
    json.member("user_agent", known(EscapedText.utf8(connection.userAgent)))
    json.member("services", known(connection.services.names))
    json.member("height", known(connection.startHeight))
    json.member("relay", known(connection.relay))
    json.member("ping_ns", connection.ping == 0 ? nil : connection.ping)
    json.member("bytes_in", connection.bytesReceived)
    json.member("bytes_out", connection.bytesSent)
    json.member("messages_in", connection.messagesReceived)
    json.member("messages_out", connection.messagesSent)
    json.member("since_ns", connection.since)
    return json
  }
}
