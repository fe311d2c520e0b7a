import BitcoinWire
import Testing

@testable import SimnetCore

@Suite struct AnswerTests {
  static let ledger = SimulatedNetwork.after(10, .small(nodes: 50)).0.ledger

  /// A transaction that every node has, with a witness.
  static func witnessed() throws -> Ledger.Entry {
    try #require((0..<300).lazy.compactMap { Self.ledger.entry($0) }.first { $0.transaction.hasWitness })
  }

  static func getdata(_ type: InventoryType, _ hash: Hash256) -> [Message] {
    var conversation = Conversation.established()
    return conversation.reply(to: .getdata(InventoryMessage(items: [InventoryItem(type, hash)])), ledger)
      .messages
  }

  static func notfound(_ type: InventoryType, _ hash: Hash256) -> [Message] {
    [.notfound(InventoryMessage(items: [InventoryItem(type, hash)]))]
  }

  @Test func tellsAddressesOnceInTheFormAgreedUpon() throws {
    for (features, command) in [([Message.sendaddrv2], Command.addrv2), ([], .addr)] {
      var conversation = Conversation.established(features: features)
      #expect(conversation.reply(to: .getaddr, Self.ledger).commands == [command, command])
      #expect(conversation.reply(to: .getaddr, Self.ledger) == [])
    }
  }

  @Test func tellsNoAddressesToWhomItConnectedTo() {
    var conversation = Conversation.established(.outbound)
    #expect(conversation.reply(to: .getaddr, Self.ledger) == [])
  }

  @Test func givesTransactionsByEitherName() throws {
    let entry = try Self.witnessed()
    #expect(Self.getdata(.wtx, entry.wtxid) == [.tx(entry.transaction)])
    #expect(Self.getdata(.witnessTx, entry.txid) == [.tx(entry.transaction)])
    guard case .tx(let bare)? = Self.getdata(.tx, entry.txid).first else { throw Missing() }
    #expect(bare.txid == entry.txid && !bare.hasWitness)
    #expect(Self.getdata(.wtx, entry.txid) == Self.notfound(.wtx, entry.txid))
    #expect(Self.getdata(.tx, entry.wtxid) == Self.notfound(.tx, entry.wtxid))
  }

  @Test func givesBlocks() throws {
    let block = try #require(Self.ledger.block(at: 120))
    let hash = block.header.hash
    #expect(Self.getdata(.witnessBlock, hash) == [.block(block)])
    let old = try #require(Self.ledger.block(at: 100))
    #expect(Self.getdata(.compactBlock, old.header.hash) == [.block(old)])
    guard case .cmpctblock(let compact)? = Self.getdata(.compactBlock, hash).first else { throw Missing() }
    #expect(compact.header == block.header)
    guard case .block(let bare)? = Self.getdata(.block, hash).first else { throw Missing() }
    #expect(bare.header == block.header && !bare.transactions.contains { $0.hasWitness })
    #expect(bare.computedMerkleRoot == block.header.merkleRoot)
  }

  @Test func asksForWhatItLacksAndIsAnnounced() throws {
    let entry = try Self.witnessed()
    let (strange, block) = (Hash256(.zero), try #require(Self.ledger.block(at: 120)).header.hash)
    var conversation = Conversation.established()
    func asked(_ items: [InventoryItem]) -> [Message] {
      conversation.reply(to: .inv(InventoryMessage(items: items)), Self.ledger).messages
    }
    let known = [
      InventoryItem(.wtx, entry.wtxid), InventoryItem(.tx, entry.txid), InventoryItem(.block, block),
    ]
    #expect(asked(known) == [])
    let wanted: [Message] = [.getdata(InventoryMessage(items: [InventoryItem(.witnessTx, strange)]))]
    #expect(asked(known + [InventoryItem(.tx, strange)]) == wanted)
    #expect(asked([InventoryItem(.tx, strange)]) == [])
    let answer = Message.notfound(InventoryMessage(items: [InventoryItem(.witnessTx, strange)]))
    #expect(conversation.reply(to: answer, Self.ledger) == [])
    #expect(asked([InventoryItem(.tx, strange)]) == wanted)
    guard case .getheaders(let request)? = asked([InventoryItem(.block, strange)]).first else {
      throw Missing()
    }
    #expect(request.stop == strange && request.locator.count > 10)
  }

  @Test func takesTransactionsThatTheNetworkLacks() throws {
    let entry = try Self.witnessed()
    var conversation = Conversation.established()
    #expect(conversation.receive(.tx(entry.transaction), Self.ledger, at: newYear) == [])
    var strange = entry.transaction
    strange.lockTime += 1
    #expect(conversation.receive(.tx(strange), Self.ledger, at: newYear) == [.take(strange)])
  }

  @Test func tellsNobodyWhatHeToldIt() throws {
    let entry = try Self.witnessed()
    let number = try #require(Self.ledger.number(txid: entry.txid))
    var conversation = Conversation.established()
    #expect(conversation.queue(number, Self.ledger) == true)
    _ = conversation.receive(.tx(entry.transaction), Self.ledger, at: newYear)
    #expect(conversation.takeInventory(Self.ledger) == nil)
    #expect(conversation.queue(number, Self.ledger) == false)
  }

  @Test func saysOnceWhatIsNotThere() throws {
    let entry = try Self.witnessed()
    let items = [
      InventoryItem(.wtx, .zero), InventoryItem(.wtx, entry.wtxid), InventoryItem(.block, entry.txid),
      InventoryItem(.filteredBlock, Self.ledger.hashes[5]),
    ]
    var conversation = Conversation.established()
    let messages = conversation.reply(to: .getdata(InventoryMessage(items: items)), Self.ledger).messages
    let missing = [items[0], items[2], items[3]]
    #expect(messages == [.tx(entry.transaction), .notfound(InventoryMessage(items: missing))])
    #expect(!conversation.isServing)
  }

  @Test func hasOnlyWhatHasReachedIt() throws {
    var settings = SimnetSettings.small(nodes: 50)
    settings.hopDelay = 1
    let ledger = SimulatedNetwork.after(5, settings).0.ledger
    let node = SimulatedNode.first { $0.speaksWtxidRelay && $0.speaksAddrV2 }
    let numbers = (0..<ledger.inventedCount).filter {
      ledger.entry($0) != nil && !ledger.has($0, at: node.index)
    }
    let entry = try #require(numbers.first.flatMap { ledger.entry($0) })
    var conversation = Conversation.established(of: node)
    let request = InventoryMessage(items: [InventoryItem(.wtx, entry.wtxid)])
    #expect(conversation.reply(to: .getdata(request), ledger).messages == [.notfound(request)])
  }

  @Test func refusesToRememberMoreRequestsThanFitIntoOne() {
    var conversation = Conversation.established()
    let most = InventoryMessage(items: Array(repeating: InventoryItem(.wtx, .zero), count: 50_000))
    #expect(conversation.receive(.getdata(most), Self.ledger, at: newYear) == [])
    #expect(conversation.receive(.getdata(most), Self.ledger, at: newYear).closeReason != nil)
  }

  @Test func givesTheHeadersAfterTheLastCommonBlock() throws {
    let hashes = Self.ledger.hashes
    func headers(_ locator: [Hash256], stop: Hash256 = .zero) throws -> [BlockHeader] {
      var conversation = Conversation.established()
      let request = LocatorMessage(version: 70016, locator: locator, stop: stop)
      let messages = conversation.reply(to: .getheaders(request), Self.ledger).messages
      guard case .headers(let answer)? = messages.first, messages.count == 1 else { throw Missing() }
      return answer.headers
    }
    #expect(try headers([hashes[0]]) == Array(Self.ledger.headers[1...]))
    #expect(try headers([.zero, hashes[100], hashes[50]]).first == Self.ledger.headers[101])
    #expect(try headers([.zero]).first == Self.ledger.headers[1])
    #expect(try headers([hashes[10]], stop: hashes[20]) == Array(Self.ledger.headers[11...20]))
    #expect(try headers([hashes[hashes.count - 1]]) == [])
    #expect(try headers([], stop: hashes[7]) == [Self.ledger.headers[7]])
    #expect(try headers([], stop: .zero) == [])
  }

  @Test func namesTheBlocksAfterTheLastCommonOne() {
    var conversation = Conversation.established()
    let hashes = Self.ledger.hashes
    let request = LocatorMessage(version: 70016, locator: [hashes[3]], stop: hashes[5])
    let items = [InventoryItem(.block, hashes[4]), InventoryItem(.block, hashes[5])]
    let messages = conversation.reply(to: .getblocks(request), Self.ledger).messages
    #expect(messages == [.inv(InventoryMessage(items: items))])
  }

  @Test func closesOnMempoolUnlessItFilters() {
    var conversation = Conversation.established(of: .first { !$0.services.contains(.bloom) })
    #expect(conversation.reply(to: .mempool, Self.ledger).closeReason != nil)
    conversation = .established(of: .first { $0.services.contains(.bloom) })
    #expect(conversation.reply(to: .mempool, Self.ledger) == [])
  }

  @Test func ignoresWhatItDoesNotKnow() {
    var conversation = Conversation.established()
    let unknown = Message.unknown(command: "nonsense", payload: [1, 2, 3])
    #expect(conversation.reply(to: unknown, Self.ledger) == [])
    #expect(conversation.reply(to: .version(.observer()), Self.ledger) == [])
  }
}
