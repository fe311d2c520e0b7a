import BitcoinWire
import Bytes
import Observations

/// A filter of connections by their properties. A connection must meet every condition that is set.
///
/// Layout: u16 conditions, then the fields of each condition that is set, lowest bit first:
///
/// | bit | condition | fields |
/// | --- | --- | --- |
/// | 0 | the peer's address is of one of these networks | u8 count, u8 BIP155 network id each |
/// | 1 | the peer's address is in one of these ranges | u16 count, each: u8 network, u16 count and bytes of
/// an address, u8 leading bits (255: exactly this address) |
/// | 2 | the user agent contains one of these texts, ignoring case | u8 count, text each |
/// | 3 | the peer offers all of these services | u64 |
/// | 4 | the peer offers none of these services | u64 |
/// | 5 | opened by this end | u8 direction |
/// | 6 | in one of these states | u8, one bit for each state, by its number |
/// | 7 | a random sample of at most N of the connections that meet the other conditions | u32 |
///
/// Other bits are refused. A condition on a property that is not known yet is not met.
public struct ConnectionFilter: Hashable, Sendable {
  /// Networks of the peers' addresses; nil for any.
  public var networks: [NetworkID]?
  /// Ranges of the peers' addresses; nil for any.
  public var ranges: [AddressRange]?
  /// Parts of user agents, in lower case; nil for any. Invalid UTF-8 in a user agent is read as U+FFFD.
  public var userAgents: [String]?
  /// Services that the peer must offer; nil for any.
  public var services: ServiceFlags?
  /// Services that the peer must not offer; nil for any.
  public var lackingServices: ServiceFlags?
  /// The direction; nil for either.
  public var direction: Direction?
  /// The states; nil for any.
  public var states: Set<ConnectionInfo.State>?
  /// The size of a random sample; nil for all connections.
  public var sample: UInt32?

  /// Creates a filter without conditions. Every connection meets it.
  public init() {}

  /// Whether a connection meets the conditions. The sample is not considered.
  public func matches(_ connection: ConnectionInfo) -> Bool {
    let address = connection.remote.address
    if let networks, !networks.contains(address.network) { return false }
    if let ranges, !ranges.contains(where: { $0.contains(address) }) { return false }
    if let direction, connection.direction != direction { return false }
    if let states, !states.contains(connection.state) { return false }
    // A peer's services and user agent are unknown until its `version` is received.
    let isKnown = connection.introduction.protocolVersion != 0
    if let services, !isKnown || !connection.introduction.services.isSuperset(of: services) { return false }
    if let lackingServices, !isKnown || !connection.introduction.services.isDisjoint(with: lackingServices) {
      return false
    }
    guard let userAgents else { return true }
    let agent = String(decoding: connection.introduction.userAgent, as: UTF8.self).lowercased()
    return isKnown && userAgents.contains { agent.contains($0) }
  }
}

extension ConnectionFilter {
  @_lifetime(reader: copy reader)
  init(_ reader: inout ByteReader) throws(WireError) {
    self.init()
    let conditions = try reader.big(UInt16.self, "filter conditions")
    guard conditions < 1 << 8 else {
      throw WireError(
        .invalid("are \(conditions); this version knows bits 0 to 7"),
        field: "filter conditions",
        offset: reader.offset - 2
      )
    }
    func has(_ bit: UInt16) -> Bool { conditions & 1 << bit != 0 }
    if has(0) {
      let count = Int(try reader.big(UInt8.self, "networks"))
      networks = try reader.array(count, "networks").map { NetworkID(rawValue: $0) }
    }
    if has(1) {
      let count = Int(try reader.big(UInt16.self, "ranges"))
      var ranges: [AddressRange] = []
      for _ in 0..<count { ranges.append(try reader.addressRange()) }
      self.ranges = ranges
    }
    if has(2) {
      let count = Int(try reader.big(UInt8.self, "user agents"))
      var agents: [String] = []
      for _ in 0..<count { agents.append(try reader.text("user agent").lowercased()) }
      userAgents = agents
    }
    if has(3) { services = ServiceFlags(rawValue: try reader.big("services")) }
    if has(4) { lackingServices = ServiceFlags(rawValue: try reader.big("lacking services")) }
    if has(5) { direction = try reader.choice("direction") }
    if has(6) {
      let bits = try reader.big(UInt8.self, "states")
      guard bits < 1 << UInt8(ConnectionInfo.State.allCases.count) else {
        throw WireError(
          .invalid("are \(bits); this version knows bits 0 to 3"),
          field: "states",
          offset: reader.offset - 1
        )
      }
      states = Set(ConnectionInfo.State.allCases.filter { bits & 1 << $0.rawValue != 0 })
    }
    if has(7) { sample = try reader.big("sample") }
  }

  func write(to bytes: inout [UInt8]) {
    let start = bytes.count
    bytes.appendBig(UInt16(0))
    var conditions: UInt16 = 0
    func add<T>(_ bit: UInt16, _ value: T?, _ write: (T) -> Void) {
      guard let value else { return }
      conditions |= 1 << bit
      write(value)
    }
    add(0, networks) {
      bytes.append(UInt8(clamping: $0.count))
      bytes += $0.prefix(255).map(\.rawValue)
    }
    add(1, ranges) {
      bytes.appendBig(UInt16(clamping: $0.count))
      for range in $0.prefix(65_535) {
        bytes.append(range.address.network.rawValue)
        bytes.appendPrefixed(range.address.bytes[...])
        bytes.append(range.bitCount.map { UInt8($0) } ?? 255)
      }
    }
    add(2, userAgents) {
      bytes.append(UInt8(clamping: $0.count))
      for agent in $0.prefix(255) { bytes.appendText(agent) }
    }
    add(3, services) { bytes.appendBig($0.rawValue) }
    add(4, lackingServices) { bytes.appendBig($0.rawValue) }
    add(5, direction) { bytes.append($0.rawValue) }
    add(6, states) { bytes.append($0.reduce(0) { $0 | 1 << $1.rawValue }) }
    add(7, sample) { bytes.appendBig($0) }
    bytes.replaceBig(conditions, at: start)
  }
}

extension ByteReader {
  @_lifetime(self: copy self)
  fileprivate mutating func addressRange() throws(WireError) -> AddressRange {
    let start = offset
    let network = NetworkID(rawValue: try big("range's network"))
    let bytes = try prefixedBytes("range's address")
    let count = try big(UInt8.self, "range's bits")
    guard let address = NetworkAddress(network: network, bytes: bytes),
      let range = AddressRange(address, bitCount: count == 255 ? nil : Int(count))
    else {
      let reason = "is invalid: \(bytes.count) bytes of network \(network.rawValue), \(count) bits"
      throw WireError(.invalid(reason), field: "address range", offset: start)
    }
    return range
  }
}
