import BitcoinWire
import Testing

@testable import SimnetCore

@Suite struct AnnouncementTests {
  static let ledger = SimulatedNetwork.after(10, .small(nodes: 50)).0.ledger

  /// The announcement of a transaction to a peer.
  static func told(of number: Int, by conversation: inout Conversation) throws -> Conversation.Announcement {
    let isQueued = conversation.queue(number, ledger)
    try #require(isQueued)
    let announcement = conversation.takeInventory(ledger)
    return try #require(announcement)
  }

  /// Transactions that are in no block.
  static let loose = (0..<ledger.inventedCount).filter { ledger.entry($0)?.height == nil }

  @Test func announcesTransactionsByTheNameAgreedUpon() throws {
    let number = try #require(Self.loose.first)
    let entry = try #require(Self.ledger.entry(number))
    var conversation = Conversation.established()
    var announcement = try Self.told(of: number, by: &conversation)
    #expect(announcement.kind == .tx && announcement.hashes == [entry.txid])
    #expect(announcement.message == .inv(InventoryMessage(items: [InventoryItem(.tx, entry.txid)])))
    #expect(!conversation.hasWaiting)
    conversation = .established(features: [.wtxidrelay])
    announcement = try Self.told(of: number, by: &conversation)
    #expect(announcement.kind == .wtx && announcement.hashes == [entry.wtxid])
    #expect(announcement.message == .inv(InventoryMessage(items: [InventoryItem(.wtx, entry.wtxid)])))
  }

  @Test func announcesNoTransactionsToWhoWantsNone() throws {
    let number = try #require(Self.loose.first)
    var conversation = Conversation.established(version: .observer(relay: false))
    #expect(conversation.queue(number, Self.ledger) == false)
    #expect(conversation.announceBlock(120, Self.ledger) != nil)
    conversation = .established(version: .observer(relay: nil))
    #expect(conversation.queue(number, Self.ledger) == true)
  }

  @Test func announcesNothingBeforeTheHandshakeIsOver() throws {
    let number = try #require(Self.loose.first)
    var conversation = Conversation(.inbound)
    #expect(conversation.announceBlock(120, Self.ledger) == nil)
    _ = conversation.receive(.version(.observer()), Self.ledger, at: newYear)
    #expect(conversation.announceBlock(120, Self.ledger) == nil)
    #expect(conversation.queue(number, Self.ledger) == false)
  }

  @Test func announcesNothingThatIsInABlock() throws {
    let number = try #require((0..<Self.ledger.inventedCount).first { Self.ledger.entry($0)?.height != nil })
    var conversation = Conversation.established()
    #expect(conversation.queue(number, Self.ledger) == true)
    #expect(conversation.takeInventory(Self.ledger) == nil && !conversation.hasWaiting)
  }

  @Test func announcesWhatPaysEnough() throws {
    let rates = Self.loose.compactMap { Self.ledger.entry($0)?.feeRate }.sorted()
    let median = rates[rates.count / 2]
    try #require(rates[0] < median)
    var conversation = Conversation.established()
    _ = conversation.receive(.feefilter(FeeFilterMessage(feeRate: median)), Self.ledger, at: newYear)
    for number in Self.loose { _ = conversation.queue(number, Self.ledger) }
    var told: [Hash256] = []
    while conversation.hasWaiting { told += conversation.takeInventory(Self.ledger)?.hashes ?? [] }
    #expect(told.count == rates.count { $0 >= median })
  }

  @Test func announcesOnlySoManyAtOnce() {
    var settings = SimnetSettings.small(nodes: 3)
    settings.blockInterval = 0
    settings.transactionRate = 100
    let ledger = SimulatedNetwork.after(3, settings).0.ledger
    var conversation = Conversation.established(of: SimulatedNode(0, of: NodeDirectory(settings)))
    // Queue them out of order, as they would arrive from other nodes.
    let numbers = (0..<ledger.inventedCount).filter { ledger.entry($0) != nil }.prefix(180)
    for number in numbers.reversed() { #expect(conversation.queue(number, ledger) == true) }
    var batches: [[Hash256]] = []
    while let announcement = conversation.takeInventory(ledger) { batches.append(announcement.hashes) }
    #expect(batches.map(\.count) == [70, 70, 40])
    let names = numbers.compactMap { ledger.entry($0)?.txid }
    #expect(Array(batches.joined()) == names)
  }

  @Test func announcesBlocksByHeadersToWhoCanUseThem() throws {
    let hashes = Self.ledger.hashes
    var conversation = Conversation.established()
    _ = conversation.receive(.sendheaders, Self.ledger, at: newYear)
    #expect(conversation.announceBlock(120, Self.ledger)?.kind == .block)
    let request = LocatorMessage(version: 70016, locator: [hashes[100]], stop: hashes[119])
    _ = conversation.receive(.getheaders(request), Self.ledger, at: newYear)
    let announced = conversation.announceBlock(120, Self.ledger)
    let announcement = try #require(announced)
    #expect(announcement.kind == .headers && announcement.hashes == [hashes[120]])
    #expect(announcement.message == .headers(HeadersMessage(headers: [Self.ledger.headers[120]])))
    #expect(conversation.announceBlock(121, Self.ledger)?.kind == .headers)
  }

  @Test func announcesBlocksByInventoryWithoutSendheaders() {
    var conversation = Conversation.established()
    let request = LocatorMessage(version: 70016, locator: [Self.ledger.hashes[0]])
    _ = conversation.receive(.getheaders(request), Self.ledger, at: newYear)
    #expect(conversation.announceBlock(121, Self.ledger)?.kind == .block)
  }

  @Test func announcesBlocksInCompactFormToWhoAskedForIt() throws {
    var conversation = Conversation.established()
    let request = LocatorMessage(version: 70016, locator: [Self.ledger.hashes[0]])
    _ = conversation.receive(.getheaders(request), Self.ledger, at: newYear)
    for (offer, kind) in [
      (SendCompactMessage(announce: true, version: 1), Conversation.Announcement.Kind.block),
      (SendCompactMessage(announce: true, version: 2), .compact),
      (SendCompactMessage(announce: false, version: 2), .block),
    ] {
      _ = conversation.receive(.sendcmpct(offer), Self.ledger, at: newYear)
      #expect(conversation.announceBlock(121, Self.ledger)?.kind == kind)
    }
    let offer = SendCompactMessage(announce: true, version: 2)
    _ = conversation.receive(.sendcmpct(offer), Self.ledger, at: newYear)
    let block = try #require(Self.ledger.block(at: 121))
    try #require(block.transactions.count > 1)
    guard case .cmpctblock(let compact)? = conversation.announceBlock(121, Self.ledger)?.message else {
      throw Missing()
    }
    #expect(compact.header == block.header)
    #expect(compact.prefilled.map(\.transaction) == [block.transactions[0]])
    #expect(
      compact.shortIDs == block.transactions.dropFirst().map { compact.shortIDHasher.shortID($0.wtxid) }
    )
    // The observer requests a missing transaction.
    let wanted = GetBlockTransactionsMessage(block: block.header.hash, indexes: [1])
    let answer = BlockTransactionsMessage(block: block.header.hash, transactions: [block.transactions[1]])
    #expect(conversation.reply(to: .getblocktxn(wanted), Self.ledger).messages == [.blocktxn(answer)])
    let many = GetBlockTransactionsMessage(
      block: block.header.hash,
      indexes: [UInt16(block.transactions.count)]
    )
    #expect(conversation.reply(to: .getblocktxn(many), Self.ledger).closeReason != nil)
  }
}
