import BitcoinWire
import Observations

/// Limits inbound connections: their number in all, and the number and the rate of each address.
///
/// An address is a whole IPv4 or CJDNS address or an IPv6 /64, as one host usually has a whole /64. Addresses
/// with connections are remembered, and others until their rate allowance is full again, within bounded
/// memory.
struct InboundGate {
  private struct Visitor {
    var openCount = 0
    /// The address's rate allowance; nil if there is no rate. It starts full when a rate is configured.
    var connects: Budget?
  }

  /// Seconds of the rate that an address may use at once.
  static let burst = 4.0

  /// Addresses above which those without connections are pruned.
  private static let usualCount = 10_000

  private var visitors: [UInt128: Visitor] = [:]
  private var pruningCount = usualCount

  /// The number of inbound connections.
  private(set) var openCount = 0

  /// The number of addresses remembered.
  var visitorCount: Int { visitors.count }

  /// Counts a connection and admits it (nil), or returns the reason why it is refused.
  ///
  /// - Parameter now: the monotonic clock, in ns.
  mutating func refusal(of address: NetworkAddress, _ settings: Connector.Settings, now: UInt64) -> Outcome? {
    let key = Self.key(address)
    let rate = settings.inboundRate
    if visitors.count >= pruningCount, visitors[key] == nil { prune(rate: rate, now: now) }
    var visitor = visitors[key] ?? Visitor()
    defer { visitors[key] = visitor }
    if rate > 0 {
      var connects = visitor.connects ?? Budget(rate: rate, seconds: Self.burst, now: now)
      connects.fill(rate: rate, seconds: Self.burst, now: now)
      let isLeft = connects.isLeft
      if isLeft { connects.spend(1) }
      visitor.connects = connects
      guard isLeft else {
        return Outcome(.turnedAway, .inboundRate, value: 0, bound: Int((rate * 1000).rounded()))
      }
    } else {
      visitor.connects = nil
    }
    guard visitor.openCount < settings.maxInboundPerAddress else {
      let bound = settings.maxInboundPerAddress
      return Outcome(.turnedAway, .inboundPerAddress, value: visitor.openCount, bound: bound)
    }
    guard openCount < settings.maxInbound else {
      return Outcome(.turnedAway, .inbound, value: openCount, bound: settings.maxInbound)
    }
    visitor.openCount += 1
    openCount += 1
    return nil
  }

  /// Counts the end of an admitted connection.
  mutating func left(_ address: NetworkAddress) {
    openCount -= 1
    visitors[Self.key(address)]?.openCount -= 1
  }

  /// Forgets addresses without connections that have not connected lately. If that frees too few, forgets all
  /// without connections.
  private mutating func prune(rate: Double, now: UInt64) {
    let lately = UInt64(Self.burst * 1e9)
    visitors = visitors.filter { $1.openCount > 0 || $1.connects.map { now - $0.filledAt < lately } == true }
    if visitors.count > Self.usualCount { visitors = visitors.filter { $1.openCount > 0 } }
    pruningCount = max(Self.usualCount, 2 * visitors.count)
  }

  /// The key under which an address is counted.
  private static func key(_ address: NetworkAddress) -> UInt128 {
    switch address {
    case .ipv4(let number): UInt128(number) | 1 << 64
    case .ipv6(let number): number >> 64
    case .cjdns(let number): number
    // None of these connects over TCP.
    case .torV2, .torV3, .i2p, .other: 0
    }
  }
}
