import BitcoinWire
import Observations

/// Who connects to us how often: how many connections each address has, and how many it makes a second.
///
/// An address is one of IPv4 or CJDNS, and a /64 of IPv6, of which everybody has all. It remembers those that have
/// connections, and others as long as they would not be told from those that never came, within bounded memory.
struct InboundGate {
  private struct Visitor {
    var openCount = 0
    /// Nil while there is no rate: then all that it may is left of it once there is one.
    var connects: Budget?
  }

  /// Seconds' worth of connects that an address may make at once.
  static let burst = 4.0

  /// How many addresses there are before those without connections are looked through.
  private static let usualCount = 10_000

  private var visitors: [UInt128: Visitor] = [:]
  private var pruningCount = usualCount

  /// How many connections there are in all.
  private(set) var openCount = 0

  /// How many addresses are remembered.
  var visitorCount: Int { visitors.count }

  /// Lets a connect in and counts it, or says why not.
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

  /// A connection that was let in is gone.
  mutating func left(_ address: NetworkAddress) {
    openCount -= 1
    visitors[Self.key(address)]?.openCount -= 1
  }

  /// Forgets those that have no connection and have not come lately; where that are too few, all that have no
  /// connection.
  private mutating func prune(rate: Double, now: UInt64) {
    let lately = UInt64(Self.burst * 1e9)
    visitors = visitors.filter { $1.openCount > 0 || $1.connects.map { now - $0.filledAt < lately } == true }
    if visitors.count > Self.usualCount { visitors = visitors.filter { $1.openCount > 0 } }
    pruningCount = max(Self.usualCount, 2 * visitors.count)
  }

  /// What is one address.
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
