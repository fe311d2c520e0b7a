import ArgumentParser
import BitcoinWire
import Commands
import ControlProtocol

/// A column of the list of connections.
enum ConnectionColumn: String, CaseIterable, ExpressibleByArgument {
  case id, address, net, local, dir, state, version, agent, services, height, relay, features, feefilter, ping
  case minping, `in`, out, bytesin, bytesout, received, sent, waiting, age

  /// The default columns.
  static let usual: [ConnectionColumn] = [
    .id, .address, .dir, .state, .version, .agent, .services, .height, .ping, .in, .out, .age,
  ]

  /// The sort key of a connection. Numbers come before texts, unknown values last.
  enum Key: Comparable {
    /// A number.
    case number(UInt64)
    /// A text.
    case text(String)
    /// The value is unknown.
    case unknown
  }

  /// The column's heading and alignment.
  var column: Table.Column {
    switch self {
    case .address, .net, .local, .dir, .state, .services, .relay, .features:
      Table.Column(rawValue.uppercased())
    case .agent: Table.Column("USER AGENT")
    case .id, .version, .height, .in, .out, .age: Table.Column(rawValue.uppercased(), .trailing)
    case .ping: Table.Column("PING ms", .trailing)
    case .minping: Table.Column("MIN PING ms", .trailing)
    case .feefilter: Table.Column("FEE FILTER", .trailing)
    case .bytesin: Table.Column("BYTES IN", .trailing)
    case .bytesout: Table.Column("BYTES OUT", .trailing)
    case .received: Table.Column("LAST IN", .trailing)
    case .sent: Table.Column("LAST OUT", .trailing)
    case .waiting: Table.Column("WAITING", .trailing)
    }
  }

  /// The cell for a connection, safe to print on a terminal; `-` if the value is unknown.
  ///
  /// - Parameter now: ns since the Unix epoch, to compute ages.
  func text(_ connection: ConnectionInfo, now: UInt64) -> String {
    let isIntroduced = connection.introduction.protocolVersion != 0
    func known(_ text: @autoclosure () -> String) -> String { isIntroduced ? text() : "-" }
    func age(_ time: UInt64) -> String {
      time == 0 ? "-" : Quantity.age(now > time ? (now - time) / 1_000_000_000 : 0)
    }
    func milliseconds(_ time: UInt64) -> String { time == 0 ? "-" : Quantity.milliseconds(time) }
    switch self {
    case .id: return "\(connection.id)"
    case .address: return "\(connection.remote)"
    case .net: return "\(connection.remote.address.network)"
    case .local: return "\(connection.local)"
    case .dir: return connection.direction == .outbound ? "out" : "in"
    case .state: return "\(connection.state)"
    case .version: return known("\(connection.introduction.protocolVersion)")
    case .agent: return known(EscapedText.utf8(connection.introduction.userAgent))
    case .services: return known("\(connection.introduction.services)")
    case .height: return known("\(connection.introduction.startHeight)")
    case .relay: return known(connection.introduction.relay ? "yes" : "no")
    case .features: return known(connection.features.names.joined(separator: "|"))
    case .feefilter: return connection.feeFilter == 0 ? "-" : "\(connection.feeFilter)"
    case .ping: return milliseconds(connection.ping)
    case .minping: return milliseconds(connection.shortestPing)
    case .in: return "\(connection.messagesReceived)"
    case .out: return "\(connection.messagesSent)"
    case .bytesin: return Quantity.bytes(connection.bytesReceived)
    case .bytesout: return Quantity.bytes(connection.bytesSent)
    case .received: return age(connection.lastReceived)
    case .sent: return age(connection.lastSent)
    case .waiting: return Quantity.bytes(UInt64(connection.bytesWaiting))
    case .age: return age(connection.since)
    }
  }

  /// The sort key for a connection; shorter ages and times come first.
  func key(_ connection: ConnectionInfo) -> Key {
    let isIntroduced = connection.introduction.protocolVersion != 0
    func nonzero(_ value: UInt64) -> Key { value == 0 ? .unknown : .number(value) }
    func since(_ time: UInt64) -> Key { time == 0 ? .unknown : .number(.max - time) }
    switch self {
    case .id: return .number(UInt64(connection.id))
    case .address, .local:
      let endpoint = self == .address ? connection.remote : connection.local
      // Fixed-width digits, so that numbers sort by value.
      let bytes = [endpoint.address.network.rawValue] + endpoint.address.bytes
      return .text(String(decoding: bytes.flatMap(Self.digits) + Self.digits(endpoint.port), as: UTF8.self))
    case .net: return .text("\(connection.remote.address.network)")
    case .dir: return .number(UInt64(connection.direction.rawValue))
    case .state: return .number(UInt64(connection.state.rawValue))
    case .version:
      return isIntroduced ? .number(UInt64(clamping: connection.introduction.protocolVersion)) : .unknown
    case .agent: return isIntroduced ? .text(EscapedText.utf8(connection.introduction.userAgent)) : .unknown
    case .services: return isIntroduced ? .number(connection.introduction.services.rawValue) : .unknown
    case .height:
      return isIntroduced ? .number(UInt64(clamping: connection.introduction.startHeight)) : .unknown
    case .relay: return isIntroduced ? .number(connection.introduction.relay ? 1 : 0) : .unknown
    case .features: return isIntroduced ? .number(UInt64(connection.features.rawValue)) : .unknown
    case .feefilter: return nonzero(connection.feeFilter)
    case .ping: return nonzero(connection.ping)
    case .minping: return nonzero(connection.shortestPing)
    case .in: return .number(connection.messagesReceived)
    case .out: return .number(connection.messagesSent)
    case .bytesin: return .number(connection.bytesReceived)
    case .bytesout: return .number(connection.bytesSent)
    case .received: return since(connection.lastReceived)
    case .sent: return since(connection.lastSent)
    case .waiting: return .number(UInt64(connection.bytesWaiting))
    case .age: return since(connection.since)
    }
  }

  private static func digits(_ value: some BinaryInteger) -> [UInt8] {
    let text = Array(String(value, radix: 16).utf8)
    return [UInt8](repeating: UInt8(ascii: "0"), count: max(0, 4 - text.count)) + text
  }
}

/// A list of columns on a command line: `id,address,ping`.
struct NodeColumnList: ExpressibleByArgument {
  /// The columns, at least one.
  let columns: [ConnectionColumn]

  /// Parses the columns; nil if one is unknown.
  init?(argument: String) {
    let parts = argument.lowercased().split(separator: ",", omittingEmptySubsequences: false)
    let columns = parts.compactMap { ConnectionColumn(rawValue: String($0)) }
    guard columns.count == parts.count else { return nil }
    self.columns = columns
  }
}

/// A sort order on a command line: `ping`, or `-ping` for descending.
struct NodeOrder: ExpressibleByArgument {
  /// The column to sort by.
  let column: ConnectionColumn
  /// Whether the largest value comes first.
  let isDescending: Bool

  /// Parses an order; nil if the column is unknown.
  init?(argument: String) {
    isDescending = argument.hasPrefix("-")
    guard let column = ConnectionColumn(rawValue: argument.drop { $0 == "-" }.lowercased()) else {
      return nil
    }
    self.column = column
  }

  /// Sorts connections. Unknown values come last; equal ones are sorted by id.
  func sorted(_ connections: [ConnectionInfo]) -> [ConnectionInfo] {
    let keyed = connections.map { (key: column.key($0), connection: $0) }
    return keyed.sorted { left, right in
      if left.key == right.key { return left.connection.id < right.connection.id }
      if left.key == .unknown || right.key == .unknown { return right.key == .unknown }
      return isDescending ? right.key < left.key : left.key < right.key
    }.map(\.connection)
  }
}
