import BitcoinWire
import ControlProtocol

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
  static func json(_ connection: ConnectionInfo) -> JSONValue {
    let isIntroduced = connection.protocolVersion != 0
    func known(_ value: JSONValue) -> JSONValue { isIntroduced ? value : .null }
    return [
      "id": .unsigned(UInt64(connection.id)),
      "address": .string(connection.remote.description),
      "network": .string(connection.remote.address.network.description),
      "local": .string(connection.local.description),
      "direction": .string(connection.direction.description),
      "state": .string(connection.state.description),
      "version": known(.integer(Int64(connection.protocolVersion))),
      "user_agent": known(.string(EscapedText.utf8(connection.userAgent))),
      "services": known(.array(connection.services.names.map(JSONValue.string))),
      "height": known(.integer(Int64(connection.startHeight))),
      "relay": known(.bool(connection.relay)),
      "ping_ns": connection.ping == 0 ? .null : .unsigned(connection.ping),
      "bytes_in": .unsigned(connection.bytesReceived),
      "bytes_out": .unsigned(connection.bytesSent),
      "messages_in": .unsigned(connection.messagesReceived),
      "messages_out": .unsigned(connection.messagesSent),
      "since_ns": .unsigned(connection.since),
    ]
  }
}
