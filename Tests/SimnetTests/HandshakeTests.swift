import BitcoinWire
import Testing

@testable import SimnetCore

@Suite struct HandshakeTests {
  static let ledger = SimulatedNetwork.after(1, .small(nodes: 200)).0.ledger

  @Test func answersAnObserverAsBitcoinCoreDoes() {
    var conversation = Conversation(.inbound)
    #expect(conversation.open(Self.ledger, at: newYear) == [])
    let greeting = conversation.receive(.version(.observer()), Self.ledger, at: newYear)
    #expect(greeting.commands == [.version, .wtxidrelay, .sendaddrv2, .verack])
    #expect(conversation.receive(.wtxidrelay, Self.ledger, at: newYear) == [])
    #expect(conversation.receive(.sendaddrv2, Self.ledger, at: newYear) == [])
    let rest = conversation.receive(.verack, Self.ledger, at: newYear)
    #expect(rest.commands == [.sendcmpct, .ping, .feefilter])
    #expect(conversation.phase == .established)
    #expect(conversation.usesWtxid && conversation.usesAddrV2 && conversation.relaysTransactions)
  }

  @Test func saysFirstWhoItIsWhereItConnected() {
    var conversation = Conversation(.outbound)
    #expect(conversation.open(Self.ledger, at: newYear).commands == [.version])
    let greeting = conversation.receive(.version(.observer()), Self.ledger, at: newYear)
    #expect(greeting.commands == [.wtxidrelay, .sendaddrv2, .verack, .getaddr])
    let rest = conversation.receive(.verack, Self.ledger, at: newYear)
    #expect(rest.commands == [.sendcmpct, .ping, .feefilter, .addr])
  }

  @Test func tellsWhatItsProfileSays() throws {
    let node = SimulatedNode(0, of: NodeDirectory(SimnetSettings()))
    var conversation = Conversation(of: node, .inbound)
    let actions = conversation.receive(.version(.observer()), Self.ledger, at: newYear)
    guard case .version(let version)? = actions.messages.first else { throw Missing() }
    #expect(version.userAgentText == node.profile.userAgent)
    #expect(version.version == node.profile.version)
    #expect(version.services == node.profile.services)
    #expect(version.time == Int64(newYear / second))
    #expect(version.startHeight == Int32(120 - node.heightLag))
    #expect(version.receiver.endpoint == Endpoint("127.0.0.1:1234"))
    #expect(version.relay == true)
  }

  @Test func negotiatesNothingWithOldPeersOrOldSoftware() {
    var conversation = Conversation(.inbound)
    let toOld = conversation.receive(.version(.observer(version: 70015)), Self.ledger, at: newYear)
    #expect(toOld.commands == [.version, .verack])
    conversation = Conversation(of: .first { $0.version < 70016 }, .inbound)
    let byOld = conversation.receive(.version(.observer()), Self.ledger, at: newYear)
    #expect(byOld.commands == [.version, .verack])
    _ = conversation.receive(.wtxidrelay, Self.ledger, at: newYear)
    _ = conversation.receive(.sendaddrv2, Self.ledger, at: newYear)
    _ = conversation.receive(.verack, Self.ledger, at: newYear)
    #expect(!conversation.usesWtxid && !conversation.usesAddrV2)
  }

  @Test func asksForHeadersWhoHasBlocks() {
    var conversation = Conversation(.inbound)
    _ = conversation.receive(.version(.observer(services: [.network])), Self.ledger, at: newYear)
    let rest = conversation.receive(.verack, Self.ledger, at: newYear)
    #expect(rest.commands == [.sendcmpct, .ping, .getheaders, .feefilter])
    guard case .getheaders(let request)? = rest.messages.first(where: { $0.command == .getheaders }) else {
      return
    }
    #expect(request.locator.first == Self.ledger.hashes.last)
    #expect(request.locator.last == Self.ledger.hashes.first)
  }

  @Test func ignoresWhatComesTooEarly() {
    var conversation = Conversation(.inbound)
    for message in [Message.verack, .getaddr, .wtxidrelay, .ping(.init(nonce: 1))] {
      #expect(conversation.receive(message, Self.ledger, at: newYear) == [])
    }
    #expect(conversation.phase == .awaitingVersion)
    _ = conversation.receive(.version(.observer()), Self.ledger, at: newYear)
    #expect(conversation.receive(.getaddr, Self.ledger, at: newYear) == [])
    #expect(conversation.phase == .awaitingVerack)
  }

  @Test(arguments: [Message.wtxidrelay, .sendaddrv2])
  func closesWhereFeaturesComeTooLate(message: Message) {
    var conversation = Conversation.established()
    #expect(conversation.receive(message, Self.ledger, at: newYear).closeReason != nil)
  }

  @Test func refusesVersionsNobodySpeaks() {
    var conversation = Conversation(.inbound)
    let actions = conversation.receive(.version(.observer(version: 209)), Self.ledger, at: newYear)
    #expect(actions.closeReason == "version 209 is too old")
  }

  @Test func givesUpWhoNeverFinishes() {
    var conversation = Conversation(.inbound)
    #expect(conversation.deadline == newYear + 60 * second)
    #expect(conversation.tick(at: newYear + 59 * second) == [])
    _ = conversation.receive(.version(.observer()), Self.ledger, at: newYear + 59 * second)
    #expect(conversation.tick(at: newYear + 60 * second).closeReason == "the handshake took too long")
  }
}

/// A value that a test needs is missing.
struct Missing: Error {}
