import BitcoinWire
import Enrichment
import EventLoop
import NodeDatabase
import TestSupport
import Testing

@Suite struct ReverseNamesTests {
  /// Collects the names found.
  final class Found {
    var names: [Endpoint: String] = [:]
    var count = 0
  }

  let loop = EventLoop()
  let server: FakeNameServer
  let found = Found()

  init() throws { server = try FakeNameServer(loop: loop) }

  /// 5.6.0.`number`, which has a name.
  func endpoint(_ number: UInt32, port: UInt16 = 8333) -> Endpoint {
    Endpoint(.ipv4(0x0506_0000 + number), port: port)
  }

  func name(_ number: Int) -> String { "\(number).0.6.5.in-addr.arpa" }

  func names(rate: Double = 1000, capacity: Int = 1000, queue: Int = 1000, needsRoutable: Bool = true) throws
    -> ReverseNames
  {
    for number in 0..<200 { server.pointers[name(number)] = ["n\(number).example"] }
    return try ReverseNames(
      servers: [server.address],
      rate: rate,
      capacity: capacity,
      queue: queue,
      needsRoutable: needsRoutable,
      on: loop
    ) { [found] in
      found.names[$0.endpoint] = $0.hostname
      found.count += 1
      #expect($0.time > 1_700_000_000_000_000_000 && $0.country == nil)
    }
  }

  @Test func findsNames() throws {
    let names = try names()
    for number in 1...100 { names.lookUp(endpoint(UInt32(number))) }
    server.pointers["1." + String(repeating: "0.", count: 23) + "0.6.8.4.1.0.0.2.ip6.arpa"] = ["six.example"]
    let six = Endpoint("[2001:4860::1]:8333")!
    names.lookUp(six)
    #expect(names.isBusy && names.waiting == 101)
    try loop.run { !names.isBusy }
    #expect(found.names.count == 101 && found.names[six] == "six.example")
    #expect(found.names[endpoint(7)] == "n7.example")
  }

  @Test func asksForEachAddressOnce() throws {
    let names = try names()
    for _ in 0..<3 {
      for number: UInt32 in [1, 1, 201] {
        names.lookUp(endpoint(number))
        names.lookUp(endpoint(number, port: 8334))
      }
      try loop.run { !names.isBusy }
    }
    #expect(server.questions.map(\.name).sorted() == [name(1), name(201)])
    // Later lookups of the same address are answered from the cache.
    #expect(found.count == 3 * 2 + 2 * 2 && Set(found.names.values) == ["n1.example"])
    #expect(found.names.count == 2)
  }

  @Test func forgetsWhatIsTooMuch() throws {
    let names = try names(capacity: 10)
    for _ in 0..<2 {
      for number: UInt32 in 1...50 { names.lookUp(endpoint(number)) }
      try loop.run { !names.isBusy }
    }
    #expect(found.count == 100)
    #expect(server.questions.count > 80 && server.questions.count <= 100)
  }

  @Test func asksNoMoreThanSoManyASecond() throws {
    let names = try names(rate: 50)
    let start = Clock.monotonic()
    for number: UInt32 in 1...26 { names.lookUp(endpoint(number)) }
    try loop.run { !names.isBusy }
    // The first query is sent at once, 25 more follow 20 ms apart.
    #expect(Clock.monotonic() - start >= 499_000_000)
    #expect(found.names.count == 26)
  }

  @Test func hasNoMoreThanSoManyUnderWay() throws {
    server.silent = Set((1...50).map(name))
    let names = try names(rate: 20)
    for number: UInt32 in 1...50 { names.lookUp(endpoint(number)) }
    try loop.run { Set(server.questions.map(\.name)).count == 20 }
    // Without the limit of queries in flight, more queries would come within 0.3 s.
    try loop.run(for: 0.3)
    #expect(Set(server.questions.map(\.name)).count == 20)
    #expect(names.waiting == 50)
    names.close()
    #expect(!names.isBusy)
  }

  @Test func passesOverWhatIsTooMuch() throws {
    let names = try names(queue: 10)
    for number: UInt32 in 1...15 { names.lookUp(endpoint(number)) }
    #expect(names.waiting == 10 && names.passedOver == 5)
    try loop.run { !names.isBusy }
    names.lookUp(endpoint(15))
    try loop.run { !names.isBusy }
    #expect(found.names.count == 11 && found.names[endpoint(15)] == "n15.example")
  }

  @Test func asksOnlyForWhomSomebodyElsewhereCouldReach() throws {
    let overlay = Endpoint(.torV3(Bytes32([UInt8](repeating: 1, count: 32))!), port: 8333)
    let strangers = [Endpoint("127.0.0.1:1")!, Endpoint("10.0.0.1:1")!, Endpoint("[fd00::1]:1")!, overlay]
    let names = try names()
    for stranger in strangers { names.lookUp(stranger) }
    #expect(!names.isBusy)
    let all = try self.names(needsRoutable: false)
    server.pointers["1.0.0.10.in-addr.arpa"] = ["ten.example"]
    for stranger in strangers { all.lookUp(stranger) }
    #expect(all.waiting == 3)
    try loop.run { !all.isBusy }
    #expect(found.names[strangers[1]] == "ten.example")
    #expect(server.questions.count == 3)
  }
}
