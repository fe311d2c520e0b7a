import BitcoinWire
import Bytes
import Testing

@testable import SimnetCore

@Suite struct SimulatedNetworkTests {
  @Test func bringsEverythingToEveryNodeOnce() throws {
    let (network, events) = SimulatedNetwork.after(30)
    var holders: [Ledger.Item: [Int]] = [:]
    var origins: [Ledger.Item: Int] = [:]
    for event in events {
      switch event {
      case .invented(let item, let origin, _): origins[item] = origin
      case .learned(let item, let node, _): holders[item, default: []].append(node)
      case .announcedSelf, .heard, .went: break
      case .refused: Issue.record("the network created a conflicting transaction")
      case .settled(let item, _, let arrivals): #expect(arrivals.map { Int($0.node) } == holders[item])
      }
    }
    let settled = origins.keys.filter { holders[$0]?.count == 30 }
    #expect(settled.count > 550)
    #expect(origins.count - settled.count < 30)
    for (item, nodes) in holders {
      #expect(nodes.first == origins[item])
      #expect(Set(nodes).count == nodes.count)
    }
    #expect(network.ledger.height == network.settings.initialHeight + origins.keys.count { $0.isBlock })
  }

  @Test func happensTheSameHoweverOftenItIsLookedAt() {
    let (_, atOnce) = SimulatedNetwork.after(20)
    var network = SimulatedNetwork(NodeDirectory(.small()), start: newYear)
    var inSteps: [SimulatedNetwork.Event] = []
    for step in 0...20_000 { inSteps += network.advance(to: newYear + UInt64(step) * 1_000_000) }
    #expect(atOnce == inSteps)
  }

  @Test func followsFromTheSeed() {
    func names(_ seed: UInt64) -> [Hash256] {
      let ledger = SimulatedNetwork.after(20, .small(seed: seed)).0.ledger
      return (0..<100).compactMap { ledger.entry($0)?.wtxid } + ledger.hashes.suffix(2)
    }
    #expect(names(1) == names(1))
    #expect(Set(names(1)).isDisjoint(with: names(2)))
  }

  @Test func spendsWhatIsThereAndNothingTwice() throws {
    let (network, _) = SimulatedNetwork.after(120)
    var unspent: [OutPoint: Int64] = [:]
    var count = 0
    for height in 0...network.ledger.height {
      for transaction in try #require(network.ledger.block(at: height)).transactions {
        var value: Int64 = 0
        for input in transaction.inputs where input.previous.txid != .zero {
          let spent = unspent.removeValue(forKey: input.previous)
          value += try #require(spent)
          count += 1
        }
        for (index, output) in transaction.outputs.enumerated() {
          unspent[OutPoint(txid: transaction.txid, index: UInt32(index))] = output.value
          value -= output.value
          #expect(output.value >= 0)
        }
        #expect(value > 0 || transaction.inputs[0].previous.txid == .zero)
        #expect(try Transaction(transaction.bytes.span.bytes) == transaction)
      }
    }
    #expect(count > 2000)
  }

  @Test func inventsTransactionsWithAndWithoutWitnesses() {
    let (network, _) = SimulatedNetwork.after(10)
    let all = (0..<network.ledger.inventedCount).compactMap { network.ledger.entry($0)?.transaction }
    #expect(all.contains { $0.hasWitness } && all.contains { !$0.hasWitness })
    #expect(all.allSatisfy { !$0.inputs.isEmpty && !$0.outputs.isEmpty })
  }

  @Test func forgetsWhatIsOld() {
    var settings = SimnetSettings.small(nodes: 5)
    settings.keptTransactions = 50
    settings.keptBlocks = 130
    let (network, _) = SimulatedNetwork.after(300, settings)
    #expect(network.ledger.inventedCount > 5000)
    #expect(network.ledger.transactionCount < 350)
    #expect(network.ledger.block(at: network.ledger.height - 130) == nil)
    #expect(network.ledger.block(at: network.ledger.height - 129) != nil)
  }

  @Test func forgetsWithoutBlocksToo() {
    var settings = SimnetSettings.small(nodes: 5)
    settings.keptTransactions = 50
    settings.blockInterval = 0
    let (network, _) = SimulatedNetwork.after(60, settings)
    #expect(network.ledger.inventedCount > 1000)
    #expect(network.ledger.transactionCount <= 51)
    #expect(network.ledger.height == settings.initialHeight)
  }

  @Test func forgetsNothingThatIsUnderWay() {
    var settings = SimnetSettings.small()
    settings.keptTransactions = 5
    settings.blockInterval = 0
    settings.hopDelay = 2
    let (_, events) = SimulatedNetwork.after(60, settings)
    var counts: [Ledger.Item: Int] = [:]
    for case .settled(let item, _, let arrivals) in events { counts[item] = arrivals.count }
    #expect(counts.count > 500 && counts.values.allSatisfy { $0 == 30 })
  }

  @Test func keepsOneChainWhereBlocksComeFasterThanTheySpread() {
    var settings = SimnetSettings.small()
    settings.blockInterval = 0.05
    settings.hopDelay = 1
    let (network, events) = SimulatedNetwork.after(20, settings)
    var tips = [Int](repeating: settings.initialHeight, count: 30)
    for case .learned(.block(let height), let node, _) in events {
      #expect(height == tips[node] + 1)
      tips[node] = height
    }
    #expect(network.ledger.height > settings.initialHeight + 50)
  }

  @Test func doesNothingWhereNothingIsWanted() {
    var settings = SimnetSettings.small()
    settings.blockInterval = 0
    settings.transactionRate = 0
    settings.addressInterval = 0
    #expect(SimulatedNetwork(NodeDirectory(settings), start: newYear).nextTime == nil)
  }
}

extension Ledger.Item {
  /// Whether it is a block.
  var isBlock: Bool { if case .block = self { true } else { false } }
}
