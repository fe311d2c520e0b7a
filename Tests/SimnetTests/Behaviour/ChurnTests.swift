import BitcoinWire
import EventLoop
import Glibc
import Testing

@testable import SimnetCore

@Suite struct ChurnTests {
  static func settings(churn: Double = 60, downTime: Double = 5) -> SimnetSettings {
    var settings = SimnetSettings.small()
    settings.churn = churn
    settings.downTime = downTime
    return settings
  }

  /// The times at which nodes went down and came back.
  static func changes(_ events: [SimulatedNetwork.Event]) -> [(isDown: Bool, node: Int, time: UInt64)] {
    events.compactMap {
      if case .went(let isDown, let node, let time) = $0 { (isDown, node, time) } else { nil }
    }
  }

  @Test func losesAsManyNodesAsWantedForAsLongAsWanted() throws {
    var settings = Self.settings()
    settings.transactionRate = 0
    settings.blockInterval = 0
    let changes = Self.changes(SimulatedNetwork.after(600, settings).1)
    #expect((500..<700).contains(changes.count { $0.isDown }))
    var since: [Int: UInt64] = [:]
    var absences: [UInt64] = []
    for (isDown, node, time) in changes {
      if isDown {
        #expect(since[node] == nil)
        since[node] = time
      } else {
        let start = since.removeValue(forKey: node)
        absences.append(time - (try #require(start)))
      }
    }
    let mean = Double(absences.reduce(0, +)) / Double(absences.count) / 1e9
    #expect((4..<6).contains(mean))
  }

  @Test func losesTheSameNodesWhoeverSendsWhat() throws {
    let (_, undisturbed) = SimulatedNetwork.after(60, Self.settings())
    var network = SimulatedNetwork(NodeDirectory(Self.settings()), start: newYear)
    var events = network.advance(to: newYear + second)
    let transaction = TransactionRuleTests.spend(OutPoint(txid: .zero, index: 0))
    events += network.take(transaction, at: network.firstUp(from: 0), time: newYear + second)
    while let next = network.nextTime, next <= newYear + 60 * second {
      events += network.advance(to: newYear + 60 * second)
    }
    let (one, other) = (Self.changes(undisturbed), Self.changes(events))
    #expect(one.count > 50 && one.map(\.node) == other.map(\.node) && one.map(\.time) == other.map(\.time))
  }

  @Test func getsNothingWhileItIsDownAndTheBlocksAfterwards() throws {
    let (network, events) = SimulatedNetwork.after(120, Self.settings())
    var down: Set<Int> = []
    var tips = [Int](repeating: 120, count: 30)
    for event in events {
      switch event {
      case .went(let isDown, let node, _): if isDown { down.insert(node) } else { down.remove(node) }
      case .learned(let item, let node, _):
        #expect(!down.contains(node))
        guard case .block(let height) = item else { continue }
        #expect(height == tips[node] + 1)
        tips[node] = height
      default: break
      }
    }
    #expect(network.ledger.height > 130)
    for node in 0..<30 where network.isUp[node] { #expect(tips[node] >= network.ledger.height - 1) }
    #expect(tips == (0..<30).map { network.ledger.tip(of: $0) })
  }

  @Test func tellsWhereItIsWhenItIsBack() throws {
    var settings = Self.settings(downTime: 30)
    let (network, events) = SimulatedNetwork.after(300, settings)
    let back = Self.changes(events).filter { !$0.isDown }.map { [UInt64($0.node), $0.time] }
    let told = events.compactMap {
      if case .announcedSelf(let node, let time) = $0 { [UInt64(node), time] } else { nil }
    }
    // Other nodes announce themselves once a day.
    #expect(back.count > 100 && Set(told).isSuperset(of: back) && told.count < back.count + 5)
    // Nodes beyond its neighbours hear its address soon after.
    var hearers: [Endpoint: Set<Int>] = [:]
    for case .heard(let known, let node, _) in events { hearers[known.endpoint, default: []].insert(node) }
    let beyond = try hearers.filter { endpoint, nodes in
      let node = try #require(network.directory.node(for: endpoint))
      return !nodes.isSubset(of: network.topology.neighbours[node])
    }
    #expect(beyond.count > 5)
    settings.addressInterval = 0
    let silent = SimulatedNetwork.after(300, settings).1
    #expect(!silent.contains { if case .announcedSelf = $0 { true } else { false } })
  }

  @Test func neverLosesAll() {
    let (network, events) = SimulatedNetwork.after(30, Self.settings(churn: 6000, downTime: 1000))
    #expect(Self.changes(events).count >= 29)
    #expect(network.upCount >= 1 && network.isUp.count { $0 } == network.upCount)
  }

  @Test func closesSocketsAndOpensThemAgain() throws {
    var settings = Self.settings(churn: 0)
    settings.nodeCount = 5
    let quiet = try Stage(settings)
    settings.churn = 120
    settings.downTime = 0.5
    settings.port = quiet.simnet.settings.port
    quiet.simnet.close()
    let stage = try Stage(settings)
    var observers: [(index: Int, observer: Observer)] = []
    for index in 0..<5 {
      observers.append((index, Observer(to: stage.simnet.endpoints[index], on: stage.loop)))
    }
    try stage.run { observers.contains { $0.observer.closeReason != nil } }
    let (index, observer) = try #require(observers.first { $0.observer.closeReason != nil })
    // A reset is not an orderly end.
    guard case .readFailed(let error)? = observer.closeReason else { throw Missing() }
    #expect(error.code == ECONNRESET)
    // The node accepts connections again as soon as it is back.
    var again: Observer?
    try stage.run {
      if stage.simnet.isUp(index), again.map({ $0.closeReason != nil }) ?? true {
        again = Observer(to: stage.simnet.endpoints[index], on: stage.loop)
        again?.whenConnected = { $0.send(.version(.observer()), .verack) }
      }
      return again?.commands.contains(.verack) == true
    }
  }

  @Test func refusesConnectionsWhereANodeIsFull() throws {
    var settings = SimnetSettings.small()
    settings.fullShare = 40
    let stage = try Stage(settings)
    let full = (0..<30).filter { stage.simnet.room(at: $0) == 0 }
    #expect((5...20).contains(full.count))
    let refused = full.map { Observer(to: stage.simnet.endpoints[$0], on: stage.loop) }
    try stage.run { refused.allSatisfy { $0.closeReason != nil } }
    #expect(refused.allSatisfy { $0.messages.isEmpty })
    #expect(stage.simnet.statistics.refused == full.count)
    let free = try #require((0..<30).first { !full.contains($0) })
    let neighbours = stage.simnet.links.topology.neighbours[free].count
    #expect(stage.simnet.room(at: free) == 125 - neighbours && neighbours >= 8)
  }
}
