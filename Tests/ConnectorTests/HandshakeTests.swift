import BitcoinWire
import Observations
import Testing

@testable import ConnectorCore

@Suite struct HandshakeTests {
  func version(_ number: Int32) -> VersionMessage {
    VersionMessage(
      version: number,
      services: [],
      time: 0,
      nonce: 5,
      userAgent: [],
      startHeight: 0,
      relay: true
    )
  }

  @Test func dialsAsCoreDoes() {
    var handshake = Handshake(outbound: true, versions: 209...70016)
    #expect(handshake.connected() == [.sendVersion])
    #expect(
      handshake.receivedVersion(version(70016), isOurs: false)
        == [.send(.wtxidrelay), .send(.sendaddrv2), .send(.verack)]
    )
    #expect(handshake.receivedVerack() == [.complete])
    #expect(handshake.peer?.protocolVersion == 70016)
  }

  @Test func answersADialThatIsNotOurs() {
    var handshake = Handshake(outbound: false, versions: 209...70016)
    #expect(handshake.connected() == [])
    #expect(
      handshake.receivedVersion(version(70017), isOurs: false)
        == [.sendVersion, .send(.wtxidrelay), .send(.sendaddrv2), .send(.verack)]
    )
    #expect(handshake.receivedVerack() == [.complete])
  }

  @Test func negotiatesNothingWithOldPeers() {
    var handshake = Handshake(outbound: true, versions: 209...70016)
    #expect(handshake.receivedVersion(version(70015), isOurs: false) == [.send(.verack)])
    var old = Handshake(outbound: true, versions: 209...70002)
    #expect(old.receivedVersion(version(70016), isOurs: false) == [.send(.verack)])
  }

  @Test func refusesWhatIsTooOldAndItself() {
    var handshake = Handshake(outbound: false, versions: 31800...70016)
    guard case .reject = handshake.receivedVersion(version(209), isOurs: false).first else {
      Issue.record("accepted version 209")
      return
    }
    var own = Handshake(outbound: false, versions: 209...70016)
    #expect(own.receivedVersion(version(70016), isOurs: true) == [.reject(Outcome(.ourselves))])
  }

  @Test func ignoresWhatComesTwiceOrTooEarly() {
    var handshake = Handshake(outbound: true, versions: 209...70016)
    #expect(handshake.receivedVerack() == [])
    _ = handshake.receivedVersion(version(70016), isOurs: false)
    #expect(handshake.receivedVersion(version(209), isOurs: false) == [])
    #expect(handshake.peer?.protocolVersion == 70016)
    #expect(handshake.receivedVerack() == [.complete])
    #expect(handshake.receivedVerack() == [])
  }
}

@Suite struct PoliteAnswerTests {
  func answer(_ message: Message) -> Message? {
    PoliteAnswer.to(message.command, payload: message.payload.span.bytes)
  }

  @Test func answersWhatPeersAskOfANode() {
    let locator = LocatorMessage(version: 70016, locator: [.zero])
    let wanted = InventoryMessage(items: [InventoryItem(.witnessTx, .zero)])
    #expect(answer(.ping(PingMessage(nonce: 9))) == .pong(PongMessage(nonce: 9)))
    #expect(answer(.getheaders(locator)) == .headers(HeadersMessage(headers: [])))
    #expect(answer(.getblocks(locator)) == .inv(InventoryMessage(items: [])))
    #expect(answer(.getdata(wanted)) == .notfound(wanted))
  }

  @Test func answersNothingElse() {
    #expect(answer(.ping(PingMessage(nonce: nil))) == nil)
    for message: Message in [.getaddr, .verack, .mempool, .pong(PongMessage(nonce: 1)), .sendheaders] {
      #expect(answer(message) == nil)
    }
    #expect(PoliteAnswer.to(.getdata, payload: [0xff, 0xff].span.bytes) == nil)
  }
}
