import BitcoinWire
import Testing

@testable import SimnetCore

@Suite struct AnnouncementTests {
  static let ledger = SimulatedNetwork.after(10, .small(nodes: 50)).0.ledger

  static func told(
    of item: Ledger.Item,
    by conversation: inout Conversation
  ) throws -> Conversation.Announcement {
    let announcement = conversation.announce(item, ledger)
    return try #require(announcement)
  }

  @Test func announcesTransactionsByTheNameAgreedUpon() throws {
    let entry = try #require(Self.ledger.entry(5))
    var conversation = Conversation.established()
    var announcement = try Self.told(of: .transaction(5), by: &conversation)
    #expect(announcement.kind == .tx && announcement.hash == entry.txid)
    #expect(announcement.message == .inv(InventoryMessage(items: [InventoryItem(.tx, entry.txid)])))
    conversation = .established(features: [.wtxidrelay])
    announcement = try Self.told(of: .transaction(5), by: &conversation)
    #expect(announcement.kind == .wtx && announcement.hash == entry.wtxid)
    #expect(announcement.message == .inv(InventoryMessage(items: [InventoryItem(.wtx, entry.wtxid)])))
  }

  @Test func announcesNoTransactionsToWhoWantsNone() {
    var conversation = Conversation.established(version: .observer(relay: false))
    #expect(conversation.announce(.transaction(5), Self.ledger) == nil)
    #expect(conversation.announce(.block(120), Self.ledger) != nil)
    conversation = .established(version: .observer(relay: nil))
    #expect(conversation.announce(.transaction(5), Self.ledger) != nil)
  }

  @Test func announcesNothingBeforeTheHandshakeIsOver() {
    var conversation = Conversation(.inbound)
    #expect(conversation.announce(.block(120), Self.ledger) == nil)
    _ = conversation.receive(.version(.observer()), Self.ledger, at: newYear)
    #expect(conversation.announce(.block(120), Self.ledger) == nil)
  }

  @Test func announcesBlocksByHeadersToWhoCanUseThem() throws {
    let hashes = Self.ledger.hashes
    var conversation = Conversation.established()
    _ = conversation.receive(.sendheaders, Self.ledger, at: newYear)
    #expect(conversation.announce(.block(120), Self.ledger)?.kind == .block)
    let request = LocatorMessage(version: 70016, locator: [hashes[100]], stop: hashes[119])
    _ = conversation.receive(.getheaders(request), Self.ledger, at: newYear)
    let announcement = try Self.told(of: .block(120), by: &conversation)
    #expect(announcement.kind == .headers && announcement.hash == hashes[120])
    #expect(announcement.message == .headers(HeadersMessage(headers: [Self.ledger.headers[120]])))
    #expect(conversation.announce(.block(121), Self.ledger)?.kind == .headers)
  }

  @Test func announcesBlocksByInventoryWithoutSendheaders() {
    var conversation = Conversation.established()
    let request = LocatorMessage(version: 70016, locator: [Self.ledger.hashes[0]])
    _ = conversation.receive(.getheaders(request), Self.ledger, at: newYear)
    #expect(conversation.announce(.block(121), Self.ledger)?.kind == .block)
  }
}
