import BitcoinWire
import Bytes
import ControlProtocol
import EventLoop
import Glibc
import LogProtocol
import TestSupport
import Testing

@testable import ConnectorCore

/// Connections that are dialled again whenever they end.
@Suite struct KeepTests {
  private static let quick = "dial: { keep_delay = 0.1; keep_max_delay = 0.2; };"

  private func target(_ harbour: Harbour) -> ConnectTarget {
    var target = harbour.targets[0]
    target.isKept = true
    return target
  }

  private func againEvents(_ client: RawClient) -> [(old: UInt32, next: UInt32, delay: UInt64)] {
    client.events.compactMap {
      if case .again(let old, let next, let delay) = $0 { (old, next, delay) } else { nil }
    }
  }

  @Test func dialsAgainUntilACommandEndsIt() throws {
    let bench = try Bench(Self.quick)
    let harbour = try Harbour(bench, block: 75)
    let client = try bench.client()
    #expect(try bench.ask(client, .connect([target(harbour)]), id: 1) == .connecting([1]))
    for count in 1...3 {
      try bench.loop.run { harbour.callers.count == count }
      #expect(bench.connector.statistics.connectionsKept == 1)
      harbour.callers[count - 1].client.close("full")
    }
    try bench.loop.run { harbour.callers.count == 4 }
    #expect(againEvents(client).map(\.old) == [1, 2, 3] && againEvents(client).map(\.next) == [2, 3, 4])
    // Each `again` event follows the event that reports the end.
    let about = client.events.compactMap(\.connection)
    #expect(about == about.sorted())
    let telling = "connection 1 to \(harbour.endpoints[0]) is kept: dialled again in "
    try bench.loop.run {
      bench.texts(.connector).contains { $0.hasPrefix(telling) && $0.hasSuffix(" s as 2") }
    }

    #expect(
      try bench.ask(client, .disconnect(.connections([4])), id: 2) == .disconnecting(count: 1, missing: [])
    )
    try bench.loop.run { harbour.callers[3].client.isClosed }
    try bench.loop.run(for: 0.4)
    #expect(harbour.callers.count == 4 && bench.connector.statistics.connectionsKept == 0)
  }

  @Test func goesOnWithoutItsClientAndWhereNobodyListens() throws {
    let bench = try Bench(Self.quick)
    let harbour = try Harbour(bench, block: 76)
    let address = harbour.listeners[0].address
    harbour.listeners[0].close()
    let client = try bench.client()
    _ = try bench.ask(client, .connect([target(harbour)]), id: 1)
    try bench.loop.run { againEvents(client).count == 2 }
    #expect(client.failures[1] == "refused" && client.failures[2] == "refused")
    client.close("done")
    var callers = 0
    let listener = try Listener(
      on: address,
      loop: bench.loop,
      accept: { descriptor, _ in
        callers += 1
        close(descriptor)
      },
      fail: { Issue.record($0) }
    )
    try bench.loop.run { callers == 2 }
    listener.close()
    // Another client may disconnect it between two attempts.
    let other = try bench.client()
    _ = try bench.ask(other, .disconnect(.all), id: 1)
    try bench.loop.run { bench.connector.statistics.connectionsKept == 0 }
    #expect(bench.connector.statistics.connectsWaiting == 0)
  }

  @Test func cancelsTheAttemptThatIsAnnounced() throws {
    let bench = try Bench("dial: { keep_delay = 1000.0; };")
    let harbour = try Harbour(bench, block: 77)
    let client = try bench.client()
    _ = try bench.ask(client, .connect([target(harbour)]), id: 1)
    try bench.loop.run { harbour.callers.count == 1 }
    harbour.callers[0].client.close("full")
    try bench.loop.run { againEvents(client).count == 1 }
    let delay = againEvents(client)[0].delay
    #expect((500_000_000_000..<1_500_000_000_000).contains(delay))
    #expect(
      try bench.ask(client, .disconnect(.connections([2])), id: 2) == .disconnecting(count: 1, missing: [])
    )
    try bench.loop.run { client.failures[2] == "disconnected by command" }
    #expect(bench.connector.statistics.connectionsKept == 0)
    #expect(try bench.ask(client, .disconnect(.all), id: 3) == .disconnecting(count: 0, missing: []))
  }

  @Test func waitsForAnotherConnectionToTheSameEndpoint() throws {
    let bench = try Bench(Self.quick)
    let harbour = try Harbour(bench, block: 78)
    let client = try bench.client()
    _ = try bench.ask(client, .connect([harbour.targets[0], target(harbour)]), id: 1)
    try bench.loop.run { againEvents(client).count == 2 }
    #expect(client.failures[2] == "already connected: connection 1")
    harbour.callers[0].client.close("full")
    try bench.loop.run { harbour.callers.count == 2 }
  }

  @Test func keepsWhatIsToBeDialledInItsOrder() {
    func dial(_ id: UInt32) -> Dial {
      Dial(id, to: ConnectTarget(Endpoint(.ipv4(1), port: 1)), for: nil, request: 0, lane: nil)
    }
    var schedule = DialSchedule()
    for (id, due) in [(1, 50), (2, 10), (3, 30), (4, 10), (5, 70)] as [(UInt32, UInt64)] {
      schedule.add(dial(id), due: due)
    }
    #expect(schedule.nextDue == 10 && schedule.removeFirst(now: 9) == nil)
    #expect(schedule.contains(3) && schedule.contains(4) && !schedule.contains(99))
    #expect(schedule.remove([3, 99]).map(\.id) == [3])
    #expect(!schedule.contains(3))
    var ids: [UInt32] = []
    while let dial = schedule.removeFirst(now: 50) { ids.append(dial.id) }
    #expect(Set(ids[..<2]) == [2, 4] && ids[2...] == [1] && schedule.nextDue == 70 && schedule.count == 1)
    #expect(schedule.contains(5) && !schedule.contains(4))
  }
}
