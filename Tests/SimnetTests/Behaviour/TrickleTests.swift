import BitcoinWire
import EventLoop
import Glibc
import Testing

@testable import SimnetCore

/// Announcements over sockets.
@Suite struct TrickleTests {
  @Test func tellsAllObserversOfANodeAtOnce() throws {
    var settings = SimnetSettings.small()
    settings.hopDelay = 0.2
    settings.blockInterval = 0
    let stage = try Stage(settings)
    let observers = [try stage.observe(0, .wtxidrelay), try stage.observe(0, .wtxidrelay)]
    for observer in observers { observer.messages = [] }
    try stage.run { observers.allSatisfy { $0.inventories.count >= 4 } }
    // The second observer joined before the first batch, so both got the same batches.
    let (first, other) = (observers[0].inventories, observers[1].inventories)
    #expect(first.prefix(4) == other.prefix(4))
    // 20 transactions a second, a batch every 0.5 s: some batches have several.
    #expect(first.contains { $0.count > 1 })
  }

  @Test func announcesAnObserversTransactionToAnotherObserver() throws {
    var settings = SimnetSettings.small()
    settings.transactionRate = 0
    settings.blockInterval = 0
    let stage = try Stage(settings)
    let (sender, listener) = (try stage.observe(0, .wtxidrelay), try stage.observe(1, .wtxidrelay))
    let coin = try #require(stage.simnet.ledger.coins.first)
    let transactions = [1, 2].map { TransactionRuleTests.spend(coin, value: $0) }
    sender.send(.tx(transactions[0]), .tx(transactions[1]))
    try stage.run { !listener.inventories.isEmpty }
    #expect(listener.inventories == [[InventoryItem(.wtx, transactions[0].wtxid)]])
    listener.send(.getdata(InventoryMessage(items: listener.inventories[0])))
    try stage.run { listener.messages.contains(.tx(transactions[0])) }
    // The sender gets no announcement of its own transaction.
    #expect(sender.inventories.isEmpty)
  }

  @Test func asksAnObserverForWhatItsTransactionSpends() throws {
    var settings = SimnetSettings.small()
    settings.transactionRate = 0
    settings.blockInterval = 0
    let stage = try Stage(settings)
    let (sender, listener) = (try stage.observe(0, .wtxidrelay), try stage.observe(1, .wtxidrelay))
    let parent = TransactionRuleTests.spend(try #require(stage.simnet.ledger.coins.first))
    let child = TransactionRuleTests.spend(OutPoint(txid: parent.txid, index: 0))
    sender.send(.tx(child))
    let request = Message.getdata(InventoryMessage(items: [InventoryItem(.witnessTx, parent.txid)]))
    try stage.run { sender.messages.contains(request) }
    #expect(stage.simnet.ledger.number(txid: child.txid) == nil)
    sender.send(.tx(parent))
    try stage.run { listener.inventories.joined().count == 2 }
    #expect(Set(listener.inventories.joined().map(\.hash)) == [parent.wtxid, child.wtxid])
  }

  @Test func pushesCompactBlocks() throws {
    var settings = SimnetSettings.small()
    settings.blockInterval = 0.5
    let stage = try Stage(settings)
    let observer = try stage.observe(0, .wtxidrelay)
    let locator = LocatorMessage(version: 70016, locator: [stage.simnet.ledger.hashes[0]])
    observer.send(.sendcmpct(SendCompactMessage(announce: true, version: 2)), .getheaders(locator))
    try stage.run { observer.commands.contains(.cmpctblock) }
  }
}

extension Observer {
  /// The items of each `inv` of transactions.
  var inventories: [[InventoryItem]] {
    messages.compactMap {
      guard case .inv(let inventory) = $0, inventory.items.first?.type != .block else { return nil }
      return inventory.items
    }
  }
}
