import BitcoinWire
import Bytes
import ControlProtocol
import EventLoop
import Foundation
import LogProtocol
import Observations
import TestSupport
import Testing

@testable import ConnectorCore

/// Peers that accept on one port of several loopback addresses, and send nothing by themselves.
final class Harbour {
  private(set) var listeners: [Listener] = []
  private(set) var callers: [(client: RawClient, to: Int, from: SocketAddress, at: UInt64)] = []

  /// Listens on `count` addresses, starting with 127.`block`.0.1.
  init(_ bench: Bench, block: UInt32, count: UInt32 = 1) throws {
    for number in 1...count {
      let listener = try Listener(
        on: .ipv4(0x7f00_0000 | block << 16 | number, port: 0),
        loop: bench.loop,
        accept: { [unowned self] descriptor, from in
          callers.append((RawClient(descriptor, on: bench.loop), Int(number), from, Clock.monotonic()))
        },
        fail: { Issue.record($0) }
      )
      listeners.append(listener)
    }
  }

  var endpoints: [Endpoint] { listeners.map { Endpoint($0.address)! } }
  var targets: [ConnectTarget] { endpoints.map { ConnectTarget($0) } }
}

extension RawClient {
  /// The reasons of failed connects, by connection.
  var failures: [UInt32: String] {
    var failures: [UInt32: String] = [:]
    for case .connectFailed(let id, let outcome) in events { failures[id] = outcome.words }
    return failures
  }
}

@Suite struct DialTests {
  /// Simulated nodes announce made-up addresses, which may belong to real hosts.
  @Test(arguments: ["", "magic = 0xD9B4BEF9;", "magic = 0x01020304;"])
  func dialsNothingBeyondLoopbackOnSimnet(bitcoin: String) throws {
    let bench = try Bench(bitcoin: bitcoin, network: "simnet")
    #expect(bench.connector.hello(version: 3).reach == .simulation)
    let client = try bench.client()
    let targets = ["192.0.2.1:8333", "[2001:db8::1]:8333"].map { ConnectTarget(Endpoint($0)!) }
    client.stream.write(ControlRequest.connect(targets).frame(id: 1))
    try bench.loop.run { client.events.count == 2 }
    for event in client.events {
      guard case .connectFailed(_, let outcome) = event else { throw IOError("fail", code: 0) }
      #expect(outcome == Outcome(.noRoute, .outOfReach(.simulation)))
    }
  }

  @Test func dialsNoMoreAtATimeThanConfigured() throws {
    let bench = try Bench("dial: { in_flight = 2; };")
    let harbour = try Harbour(bench, block: 61, count: 5)
    let client = try bench.client()
    #expect(try bench.ask(client, .connect(harbour.targets), id: 1) == .connecting([1, 2, 3, 4, 5]))
    try bench.loop.run { harbour.callers.count == 2 }
    try bench.loop.run(for: 0.05)
    #expect(harbour.callers.count == 2)
    #expect(bench.connector.statistics.connectsWaiting == 3)
    // One handshake is done and one peer leaves: two other connects begin.
    let first = harbour.callers[0].client
    first.send(bench.version())
    first.send(.verack)
    try bench.loop.run { harbour.callers.count == 3 }
    harbour.callers[1].client.close("full")
    try bench.loop.run { harbour.callers.count == 4 }
    #expect(bench.connector.statistics.connectsWaiting == 1)
    #expect(bench.connector.statistics.connectsBegun == 5)
  }

  /// Thousands of connects fail without an attempt. The client gets an event for each, and the stream
  /// accounts for each.
  @Test func sumsFailuresThatComeFasterThanTheyAreTold() throws {
    let bench = try Bench("dial: { in_flight = 1; queue = 10; };")
    let harbour = try Harbour(bench, block: 63)
    let client = try bench.client()
    _ = try bench.ask(client, .connect(harbour.targets), id: 1)
    try bench.loop.run { harbour.callers.count == 1 }
    let targets = (1...3000).map { ConnectTarget(Endpoint(.ipv4(0x7f11_0000 | UInt32($0)), port: 1)) }
    client.stream.write(ControlRequest.connect(targets).frame(id: 2))
    var failed = 0
    try bench.loop.run(timeout: 30) {
      failed = client.events.count { if case .connectFailed = $0 { true } else { false } }
      return failed == 2990
    }
    func sums() -> [String] { bench.texts(.connector).filter { $0.contains("connects not tried") } }
    func told() -> Int { bench.events.count { $0.reason.hasPrefix("queue full") } }
    try bench.loop.run { told() + sums().reduce(0) { $0 + Int($1.split(separator: " ")[0])! } == 2990 }
    #expect(told() >= 1000 && sums().count >= 1)
    #expect(
      sums()[0].contains("without an event of their own: queue full; first connection "),
      "\(sums())"
    )
    // Each id is in an event or in a sum, and the client's CTRL record pairs ids with endpoints.
    var accounted = Set(
      zip(bench.reader.headers, bench.reader.bodies).filter { $0.0.type == .connection }.map(\.0.connection)
    )
    for sum in sums() {
      for range in sum.components(separatedBy: "; connections ")[1].split(separator: " ") {
        let bounds = range.split(separator: "-").map { UInt32($0)! }
        accounted.formUnion(bounds.first!...bounds.last!)
      }
    }
    #expect(accounted.isSuperset(of: Array(12...3001 as ClosedRange<UInt32>)))
    #expect(bench.commands.contains { $0.hasSuffix("request 2: connections 2-3001") })
    // Thousands of waiting connects can be cancelled, too.
    let request = ControlRequest.disconnect(.all)
    #expect(try bench.ask(client, request, id: 3) == .disconnecting(count: 11, missing: []))
    try bench.loop.run {
      bench.connector.connections.count == 0 && bench.connector.statistics.connectsWaiting == 0
    }
  }

  @Test func dialsNoFasterThanConfigured() throws {
    let bench = try Bench("dial: { rate = 20.0; };")
    let harbour = try Harbour(bench, block: 62, count: 7)
    let client = try bench.client()
    let begun = Clock.monotonic()
    _ = try bench.ask(client, .connect(harbour.targets), id: 1)
    try bench.loop.run { harbour.callers.count == 7 }
    // One connect at once, and at most one saved up meanwhile.
    #expect(Double(harbour.callers.last!.at - begun) / 1e9 >= 5.0 / 20 - 0.01)
  }

  @Test func clientsTakeTurns() throws {
    let bench = try Bench("dial: { in_flight = 1; };")
    let harbour = try Harbour(bench, block: 63, count: 6)
    let (many, few) = (try bench.client(), try bench.client())
    _ = try bench.ask(many, .connect(Array(harbour.targets[..<5])), id: 1)
    #expect(try bench.ask(few, .connect([harbour.targets[5]]), id: 1) == .connecting([6]))
    for count in 1...3 {
      try bench.loop.run { harbour.callers.count == count }
      harbour.callers[count - 1].client.close("full")
    }
    try bench.loop.run { harbour.callers.count == 4 }
    #expect(harbour.callers.map(\.to) == [1, 2, 6, 3])
  }

  @Test func cancelsWhatWaits() throws {
    let bench = try Bench("dial: { in_flight = 1; };")
    let harbour = try Harbour(bench, block: 64, count: 4)
    let client = try bench.client()
    _ = try bench.ask(client, .connect(harbour.targets), id: 1)
    let disconnect = ControlRequest.disconnect(.connections([3, 99]))
    #expect(try bench.ask(client, disconnect, id: 2) == .disconnecting(count: 1, missing: [99]))
    try bench.loop.run { client.failures[3] != nil }
    #expect(client.failures == [3: "disconnected by command"])
    var filter = ConnectionFilter()
    filter.ranges = [AddressRange("127.64.0.2")!]
    let reply = try bench.ask(client, .disconnect(.filter(filter)), id: 3)
    #expect(reply == .disconnecting(count: 1, missing: []))
    #expect(try bench.ask(client, .disconnect(.all), id: 4) == .disconnecting(count: 2, missing: []))
    try bench.loop.run { client.failures.count >= 3 && bench.connector.connections.isEmpty }
    #expect(bench.connector.statistics.connectsWaiting == 0)
    // No claim is left behind: the same endpoints can be dialled again.
    _ = try bench.ask(client, .connect([harbour.targets[2]]), id: 5)
    try bench.loop.run { harbour.callers.contains { $0.to == 3 } }
  }

  @Test func refusesWhatIsTooMuch() throws {
    let bench = try Bench("dial: { in_flight = 1; queue = 2; };")
    let harbour = try Harbour(bench, block: 65, count: 5)
    let client = try bench.client()
    _ = try bench.ask(client, .connect(harbour.targets), id: 1)
    try bench.loop.run { client.failures.count == 2 }
    #expect(Set(client.failures.keys) == [4, 5])
    #expect(client.failures[4]!.hasPrefix("queue full: 2 connects wait"))
    #expect(bench.connector.statistics.connectsFailed == 2)
  }

  @Test func connectsOnceToEachEndpoint() throws {
    let bench = try Bench()
    let harbour = try Harbour(bench, block: 66)
    let client = try bench.client()
    let target = harbour.targets[0]
    #expect(try bench.ask(client, .connect([target, target]), id: 1) == .connecting([1, 2]))
    try bench.loop.run { client.failures[2] != nil && harbour.callers.count == 1 }
    #expect(client.failures == [2: "already connected: connection 1"])
    try bench.loop.run { bench.events.contains { $0.reason == "already connected: connection 1" } }
    var other = target
    other.isAnother = true
    _ = try bench.ask(client, .connect([other]), id: 2)
    try bench.loop.run { harbour.callers.count == 2 }
    // Once both are gone, the endpoint can be dialled again.
    for caller in harbour.callers { caller.client.close("now") }
    try bench.loop.run { bench.connector.connections.isEmpty }
    _ = try bench.ask(client, .connect([target]), id: 3)
    try bench.loop.run { harbour.callers.count == 3 }
    // Coinscope's clients do not get a second connection either.
    client.stream.write(CoinscopeRequest.connect(remote: target.remote, local: target.remote).frame)
    try bench.loop.run { bench.events.filter { $0.reason.hasPrefix("already connected") }.count == 2 }
  }

  @Test func holdsNoMoreOfOneNetworkGroup() throws {
    let bench = try Bench("dial: { group_limit = 2; };")
    let harbour = try Harbour(bench, block: 67, count: 4)
    let client = try bench.client()
    _ = try bench.ask(client, .connect(harbour.targets), id: 1)
    try bench.loop.run { client.failures.count == 2 && harbour.callers.count == 2 }
    #expect(Set(client.failures.keys) == [3, 4])
    #expect(client.failures[3]!.hasPrefix("group full: 2 connections to its network group"))
    harbour.callers[0].client.close("now")
    try bench.loop.run { bench.connector.connections.count == 1 }
    _ = try bench.ask(client, .connect([harbour.targets[3]]), id: 2)
    try bench.loop.run { harbour.callers.count == 3 }
  }

  @Test func connectsFromTheConfiguredAddressesInTurn() throws {
    let bench = try Bench("dial: { bind = ( \"127.68.9.1\", \"::1\", \"127.68.9.2\" ); };")
    let harbour = try Harbour(bench, block: 68, count: 3)
    let client = try bench.client()
    var targets = harbour.targets
    targets[2].local = Endpoint("127.68.9.3:0")
    _ = try bench.ask(client, .connect(targets), id: 1)
    try bench.loop.run { harbour.callers.count == 3 }
    let hosts = harbour.callers.map { "\(Endpoint($0.from)!.address)" }
    #expect(Set(hosts) == ["127.68.9.1", "127.68.9.2", "127.68.9.3"])
  }
}
