import BitcoinWire
import Configuration
import Observations
import Testing

@testable import ConnectorCore

/// Admitted and refused peers. Time is passed in.
@Suite struct InboundGateTests {
  private static let second: UInt64 = 1_000_000_000

  private func settings(_ text: String) throws -> Connector.Settings {
    try Configuration(text: "connector: { bitcoin: { \(text) }; };", file: nil).connector.bitcoin
  }

  /// A gate in a class, because `#expect` cannot call mutating functions.
  private final class Box {
    var gate = InboundGate()
    func refusal(of address: NetworkAddress, _ settings: Connector.Settings, now: UInt64) -> Outcome? {
      gate.refusal(of: address, settings, now: now)
    }
    func left(_ address: NetworkAddress) { gate.left(address) }
    var openCount: Int { gate.openCount }
    var visitorCount: Int { gate.visitorCount }
  }

  private func address(_ text: String) -> NetworkAddress { NetworkAddress(text)! }

  /// If a rate is configured later, connects count from then on.
  @Test func countsNoConnectsWhereThereIsNoRate() throws {
    let (none, some) = (try settings("inbound_rate = 0.0;"), try settings("inbound_rate = 2.0;"))
    let gate = Box()
    let visitor = address("192.0.2.1")
    for _ in 0..<100 {
      #expect(gate.refusal(of: visitor, none, now: Self.second) == nil)
      gate.left(visitor)
    }
    let refusals = (0..<9).filter { _ in
      defer { gate.left(visitor) }
      return gate.refusal(of: visitor, some, now: Self.second) != nil
    }
    #expect(refusals == [8])
  }

  @Test func countsTheConnectionsOfEachAddress() throws {
    let settings = try settings("max_inbound_per_address = 2; inbound_rate = 0.0;")
    let gate = Box()
    let greedy = address("192.0.2.1")
    for _ in 0..<2 { #expect(gate.refusal(of: greedy, settings, now: 0) == nil) }
    let refusal = gate.refusal(of: greedy, settings, now: 0)
    #expect(refusal == Outcome(.turnedAway, .inboundPerAddress, value: 2, bound: 2))
    // Other addresses are not affected.
    #expect(gate.refusal(of: address("192.0.2.2"), settings, now: 0) == nil)
    gate.left(greedy)
    #expect(gate.refusal(of: greedy, settings, now: 0) == nil)
    #expect(gate.openCount == 3)
  }

  /// An IPv6 /64 belongs to one host, a CJDNS address to one node.
  @Test func takesASlash64ForOneAddress() throws {
    let settings = try settings("max_inbound_per_address = 1; inbound_rate = 0.0;")
    let gate = Box()
    #expect(gate.refusal(of: address("2001:db8::1"), settings, now: 0) == nil)
    #expect(gate.refusal(of: address("2001:db8::ffff:0:0:2"), settings, now: 0) != nil)
    #expect(gate.refusal(of: address("2001:db8:0:1::1"), settings, now: 0) == nil)
    // An IPv4 address equal to the prefix's number is a different address.
    #expect(gate.refusal(of: .ipv4(0x2001_0db8), settings, now: 0) == nil)
    #expect(gate.refusal(of: .ipv6(UInt128(0x2001_0db8) << 64), settings, now: 0) == nil)
    for last in 1...2 as ClosedRange<UInt128> {
      #expect(gate.refusal(of: .cjdns(0xfc << 120 | last), settings, now: 0) == nil)
    }
  }

  @Test func limitsHowManyThereAreInAll() throws {
    let settings = try settings("max_inbound = 3;")
    let gate = Box()
    for number in 1...3 as ClosedRange<UInt32> {
      #expect(gate.refusal(of: .ipv4(number), settings, now: 0) == nil)
    }
    #expect(
      gate.refusal(of: .ipv4(4), settings, now: 0)
        == Outcome(.turnedAway, .inbound, value: 3, bound: 3)
    )
    gate.left(.ipv4(1))
    #expect(gate.refusal(of: .ipv4(4), settings, now: 0) == nil)
  }

  @Test func limitsHowOftenAnAddressConnects() throws {
    let settings = try settings("inbound_rate = 2.0;")
    let gate = Box()
    let churning = address("192.0.2.1")
    /// Connects and disconnects 1000 times within a second. Returns how often it was admitted.
    func churn(in second: UInt64) -> Int {
      (0..<1000 as Range<UInt64>).count {
        guard gate.refusal(of: churning, settings, now: (second * 1000 + $0) * Self.second / 1000) == nil
        else { return false }
        gate.left(churning)
        return true
      }
    }
    // Four seconds' allowance at once, then the configured rate.
    #expect((8...10).contains(churn(in: 0)))
    #expect((1...3).contains(churn(in: 1)))
    #expect((1...3).contains(churn(in: 2)))
    #expect(gate.refusal(of: address("192.0.2.2"), settings, now: 2 * Self.second) == nil)
    #expect(gate.openCount == 1)
  }

  /// A host with many addresses makes the gate forget addresses without connections, and uses bounded memory.
  @Test func remembersABoundedNumberOfAddresses() throws {
    let settings = try settings("max_inbound = 5; inbound_rate = 1.0;")
    let gate = Box()
    for number in 1...100_000 as ClosedRange<UInt32> {
      _ = gate.refusal(of: .ipv4(number), settings, now: UInt64(number) * 1000)
    }
    #expect(gate.visitorCount <= 10_001)
    #expect(gate.openCount == 5)
    // Connected addresses are still counted.
    for number in 1...5 as ClosedRange<UInt32> { gate.left(.ipv4(number)) }
    #expect(gate.openCount == 0)
  }
}
