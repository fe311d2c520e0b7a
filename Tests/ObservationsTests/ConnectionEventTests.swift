import BitcoinWire
import Bytes
import Observations
import Testing

@Suite struct ConnectionEventTests {
  static let introduction = PeerIntroduction(
    protocolVersion: 70016,
    services: [.network, .witness],
    userAgent: Array("/Satoshi:31.0.0/".utf8),
    startHeight: 930_000,
    relay: true
  )

  static func event(_ code: ConnectionEvent.Code, _ peer: ConnectionEvent.Peer, _ outcome: Outcome?)
    -> ConnectionEvent
  {
    ConnectionEvent(
      code,
      .inbound,
      remote: Endpoint("[2001:db8::5]:18444")!,
      local: Endpoint("192.0.2.1:8333")!,
      duration: 1_500_000,
      outcome: outcome,
      peer: peer,
      evidence: [0xff, 0]
    )
  }

  @Test(arguments: ConnectionEvent.Code.allCases)
  func isReadAsItWasWritten(_ code: ConnectionEvent.Code) throws {
    for peer: ConnectionEvent.Peer in [.unknown, .userAgent([1, 2]), .introduced(Self.introduction)] {
      for detail in OutcomeTests.details {
        let event = Self.event(code, peer, Outcome(.proxy, errorNumber: 5, detail))
        let body = event.body
        #expect(try ConnectionEvent(body.span.bytes) == event)
        for count in body.indices {
          #expect(throws: WireError.self) { try ConnectionEvent(Array(body[..<count]).span.bytes) }
        }
        #expect(throws: WireError.self) { try ConnectionEvent((body + [0]).span.bytes) }
      }
    }
  }

  /// docs/log-format.md has these bytes.
  @Test func hasTheDocumentedLayout() {
    let event = ConnectionEvent(
      .connectFailed,
      .outbound,
      remote: Endpoint("1.2.3.4:8333")!,
      local: Endpoint("0.0.0.0:0")!,
      duration: 7,
      outcome: Outcome(.refused, errorNumber: 111)
    )
    let ends: [UInt8] = [1, 0, 4, 1, 2, 3, 4, 0x20, 0x8d, 1, 0, 4, 0, 0, 0, 0, 0, 0]
    let rest: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 7, 0, 2, 0, 0, 0, 111, 0, 0, 0, 0, 0, 0]
    #expect(event.body == [2, 0, 0, 0x20] + ends + rest)
  }

  /// What programs before 0.2 wrote: u32 code, u8 direction, endpoints, u32 errno, u64 duration, text reason, text user
  /// agent, evidence.
  static func early(_ code: UInt32, errno: UInt32, _ reason: String, agent: String) -> [UInt8] {
    var body: [UInt8] = []
    body.appendBig(code)
    body.append(1)
    body.appendEndpoint(Endpoint("[2001:db8::5]:18444")!)
    body.appendEndpoint(Endpoint("192.0.2.1:8333")!)
    body.appendBig(errno)
    body.appendBig(UInt64(1_500_000))
    body.appendText(reason)
    body.appendText(agent)
    body.appendPrefixed([0xff, 0])
    return body
  }

  @Test func readsEarlyBodies() throws {
    let agent = "/Satoshi:29.0.0/"
    let body = Self.early(0x40, errno: 104, "reset: before version", agent: agent)
    let expected = Self.event(
      .resetByPeer,
      .userAgent(Array(agent.utf8)),
      Outcome(.reset, errorNumber: 104, .beforeVersion)
    )
    #expect(try ConnectionEvent(body.span.bytes) == expected)
    for count in body.indices {
      #expect(throws: WireError.self) { try ConnectionEvent(Array(body[..<count]).span.bytes) }
    }
    let done = Self.early(0x100, errno: 0, "", agent: agent)
    let event = try ConnectionEvent(done.span.bytes)
    #expect(event.outcome == nil && event.userAgent == Array(agent.utf8) && event.peer.introduction == nil)
    let onlyNumber = Self.early(0x10, errno: 5, "", agent: "")
    #expect(
      try ConnectionEvent(onlyNumber.span.bytes)
        == Self.event(.failed, .unknown, Outcome(.unspecified, errorNumber: 5))
    )
  }

  @Test func refusesALaterVersion() {
    var body = Self.event(.accepted, .unknown, nil).body
    body[0] = 3
    #expect {
      try ConnectionEvent(body.span.bytes)
    } throws: {
      "\($0)" == "event version at byte 0 is 3, which this program does not know"
    }
  }

  @Test func openConnectionsOfBothVersionsAreRead() throws {
    let open = OpenConnection(
      direction: .outbound,
      remote: Endpoint("1.2.3.4:8333")!,
      local: Endpoint("5.6.7.8:9")!,
      since: 99,
      peer: .introduced(Self.introduction)
    )
    let body = MetaBody.openConnection(open).body
    #expect(body[0] == 7)
    #expect(try MetaBody(body.span.bytes) == .openConnection(open))
    var early: [UInt8] = [3, 0]
    early.appendEndpoint(open.remote)
    early.appendEndpoint(open.local)
    early.appendBig(UInt64(99))
    early.appendText("/x/")
    guard case .openConnection(let read) = try MetaBody(early.span.bytes) else {
      Issue.record("no open connection")
      return
    }
    #expect(read.peer == .userAgent(Array("/x/".utf8)) && read.since == 99)
  }
}
