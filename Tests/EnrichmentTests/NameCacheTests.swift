import BitcoinWire
import Testing

@testable import Enrichment

@Suite struct NameCacheTests {
  private let addresses = (1...20).map { NetworkAddress.ipv4($0) }

  @Test func remembersForATime() {
    var cache = NameCache(capacity: 5)
    cache.remember(.name("a"), of: addresses[0], until: 10)
    cache.remember(.nameless, of: addresses[1], until: 20)
    #expect(cache.answer(addresses[0], at: 9) == .name("a"))
    #expect(cache.answer(addresses[0], at: 10) == nil)
    #expect(cache.answer(addresses[1], at: 10) == .nameless)
    cache.remember(.name("b"), of: addresses[0], until: 20)
    #expect(cache.answer(addresses[0], at: 10) == .name("b"))
    #expect(cache.count == 2)
  }

  @Test func isBounded() {
    var cache = NameCache(capacity: 5)
    for round in 1...3 {
      for (number, address) in addresses.enumerated() {
        cache.remember(.name("\(number)"), of: address, until: 10)
        #expect(cache.answer(address, at: 0) == .name("\(number)"))
        #expect(cache.count == (round == 1 ? min(5, number + 1) : 5))
      }
    }
    #expect(addresses.count { cache.answer($0, at: 0) != nil } == 5)
  }
}
