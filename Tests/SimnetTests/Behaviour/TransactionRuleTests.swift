import BitcoinWire
import Testing

@testable import SimnetCore

/// The rules for transactions from observers.
@Suite struct TransactionRuleTests {
  /// A network that creates no transactions. Outputs from its start can be spent.
  static func network(blockInterval: Double = 0) -> SimulatedNetwork {
    var settings = SimnetSettings.small()
    settings.transactionRate = 0
    settings.blockInterval = blockInterval
    return SimulatedNetwork(NodeDirectory(settings), start: newYear)
  }

  /// A transaction that spends outputs.
  static func spend(_ outputs: OutPoint..., value: Int64 = 1) -> Transaction {
    Transaction(
      version: 2,
      inputs: outputs.map { TransactionInput(previous: $0, script: []) },
      outputs: [TransactionOutput(value: value, script: [0x51])],
      lockTime: 0
    )
  }

  /// The nodes that got a transaction, and the times.
  static func learned(_ txid: Hash256, in network: SimulatedNetwork, _ events: [SimulatedNetwork.Event])
    -> [(node: Int, time: UInt64)]
  {
    events.compactMap {
      guard case .learned(.transaction(let number), let node, let time) = $0,
        network.ledger.entry(number)?.txid == txid
      else { return nil }
      return (node, time)
    }
  }

  @Test func spreadsWhatSpendsWhatThereIs() throws {
    var network = Self.network()
    let transaction = Self.spend(try #require(network.ledger.coins.first))
    var events = network.take(transaction, at: 3, time: newYear)
    #expect(network.take(transaction, at: 3, time: newYear) == [])
    events += network.advance(to: newYear + 60 * second)
    let learned = Self.learned(transaction.txid, in: network, events)
    #expect(learned.map(\.node).first == 3)
    #expect(Set(learned.map(\.node)) == Set(0..<30) && learned.count == 30)
    #expect(learned.dropFirst().allSatisfy { $0.time > newYear })
  }

  @Test func letsObserversSpendFromAPurse() throws {
    var network = Self.network()
    let purse = (0..<2).map { OutPoint(txid: .zero, index: $0) }
    let transaction = Self.spend(purse[0])
    let events = network.take(transaction, at: 3, time: newYear) + network.advance(to: newYear + 60 * second)
    #expect(Self.learned(transaction.txid, in: network, events).count == 30)
    let rival = Self.spend(purse[0], purse[1])
    let time = newYear + 60 * second
    #expect(network.take(rival, at: 3, time: time) == [.refused(txid: rival.txid, node: 3, time: time)])
    #expect(network.take(Self.spend(purse[1]), at: 3, time: time).count == 2)
  }

  @Test func refusesWhatSpendsTheSame() throws {
    var network = Self.network()
    let coin = try #require(network.ledger.coins.first)
    let (first, rival) = (Self.spend(coin, value: 1), Self.spend(coin, value: 2))
    _ = network.take(first, at: 3, time: newYear)
    #expect(network.take(rival, at: 3, time: newYear) == [.refused(txid: rival.txid, node: 3, time: newYear)])
    #expect(network.ledger.isKnown(rival.wtxid, at: 3) && !network.ledger.isKnown(rival.wtxid, at: 4))
    _ = network.advance(to: newYear + 60 * second)
    for node in 0..<30 {
      let time = newYear + 61 * second
      #expect(
        network.take(rival, at: node, time: time) == [.refused(txid: rival.txid, node: node, time: time)]
      )
    }
  }

  @Test func keepsAtEachNodeWhatItSawFirst() throws {
    var network = Self.network()
    let coin = try #require(network.ledger.coins.first)
    let rivals = [Self.spend(coin, value: 1), Self.spend(coin, value: 2)]
    var events =
      network.take(rivals[0], at: 3, time: newYear) + network.take(rivals[1], at: 20, time: newYear)
    events += network.advance(to: newYear + 60 * second)
    let nodes = rivals.map { rival in Set(Self.learned(rival.txid, in: network, events).map(\.node)) }
    #expect(nodes[0].contains(3) && nodes[1].contains(20))
    #expect(nodes[0].isDisjoint(with: nodes[1]) && nodes[0].union(nodes[1]) == Set(0..<30))
  }

  @Test func putsOneOfTwoRivalsIntoABlock() throws {
    var network = Self.network(blockInterval: 5)
    let coin = try #require(network.ledger.coins.first)
    let rivals = [Self.spend(coin, value: 1), Self.spend(coin, value: 2)]
    for (node, rival) in zip([3, 20], rivals) { _ = network.take(rival, at: node, time: newYear) }
    _ = network.advance(to: newYear + 60 * second)
    let mined = (121...network.ledger.height).flatMap { network.ledger.block(at: $0)?.transactions ?? [] }
    #expect(mined.count { $0.txid == rivals[0].txid || $0.txid == rivals[1].txid } == 1)
    #expect(!network.ledger.coins.contains(coin))
  }

  @Test func holdsBackWhatSpendsWhatItLacks() throws {
    var network = Self.network()
    let parent = Self.spend(try #require(network.ledger.coins.first))
    let child = Self.spend(OutPoint(txid: parent.txid, index: 0))
    let grandchild = Self.spend(OutPoint(txid: child.txid, index: 0))
    #expect(network.take(grandchild, at: 3, time: newYear) == [])
    #expect(network.take(child, at: 3, time: newYear) == [])
    #expect(network.ledger.isKnown(child.txid, at: 3))
    var events = network.advance(to: newYear + 10 * second)
    #expect(events == [])
    events += network.take(parent, at: 3, time: newYear + 10 * second)
    events += network.advance(to: newYear + 60 * second)
    for transaction in [parent, child, grandchild] {
      #expect(Set(Self.learned(transaction.txid, in: network, events).map(\.node)) == Set(0..<30))
    }
    #expect(!network.ledger.isKnown(child.txid, at: 3))
  }

  @Test func fetchesWhatComesLaterThanWhatSpendsIt() throws {
    // With long delays a child often takes a faster way than its parent.
    var settings = SimnetSettings.small()
    settings.transactionRate = 0
    settings.blockInterval = 0
    settings.hopDelay = 5
    var network = SimulatedNetwork(NodeDirectory(settings), start: newYear)
    let parent = Self.spend(try #require(network.ledger.coins.first))
    let child = Self.spend(OutPoint(txid: parent.txid, index: 0))
    var events = network.take(parent, at: 3, time: newYear) + network.take(child, at: 3, time: newYear)
    events += network.advance(to: newYear + 600 * second)
    let (parents, children) = (
      Self.learned(parent.txid, in: network, events), Self.learned(child.txid, in: network, events)
    )
    #expect(parents.count == 30 && children.count == 30)
    for (node, time) in children {
      let earlier = try #require(parents.first { $0.node == node })
      #expect(earlier.time <= time)
    }
  }

  @Test func holdsBackNoMoreThanAHundred() throws {
    var network = Self.network()
    var orphans: [Transaction] = []
    for number in 0..<101 {
      orphans.append(Self.spend(OutPoint(txid: Block.genesis.header.hash, index: UInt32(number))))
      _ = network.take(orphans[number], at: 3, time: newYear)
    }
    #expect(!network.ledger.isKnown(orphans[0].txid, at: 3))
    #expect(orphans.dropFirst().allSatisfy { network.ledger.isKnown($0.txid, at: 3) })
  }

  @Test func asksWhoSentItForWhatItSpends() throws {
    var network = Self.network()
    let parent = Self.spend(try #require(network.ledger.coins.first))
    let child = Self.spend(OutPoint(txid: parent.txid, index: 0))
    var conversation = Conversation.established()
    let node = conversation.node.index % 30
    let ask = Conversation.Action.send(
      .getdata(InventoryMessage(items: [InventoryItem(.witnessTx, parent.txid)]))
    )
    #expect(conversation.receive(.tx(child), network.ledger, at: newYear) == [.take(child), ask])
    _ = network.take(child, at: node, time: newYear)
    let announced = Message.inv(InventoryMessage(items: [InventoryItem(.tx, child.txid)]))
    #expect(conversation.receive(announced, network.ledger, at: newYear) == [])
    #expect(conversation.receive(.tx(parent), network.ledger, at: newYear) == [.take(parent)])
  }
}
