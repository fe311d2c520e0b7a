import BitcoinWire
import Bytes
import Observations
import Testing
import Wording

@Suite struct OutcomeTests {
  /// One of each kind of detail.
  static let details: [Outcome.Detail] = [
    .none, .call(.bind), .connection(17), .limit(.peerMemory, value: 1 << 40, bound: -1),
    .timeout(30_000_000_000), .magic(found: [1, 2, 3], expected: 0xd9b4_bef9),
    .oversized(.inv, length: .max, maximum: 4_000_000),
    .malformed(
      .version,
      Outcome.MalformedField(field: "services", offset: 4, problem: .truncated, value: 8, bound: 2)
    ),
    .unproxied(.torV3), .outOfReach(.simulation), .beforeVersion,
    .proxy(.unreachable(Endpoint("127.0.0.1:9050")!)), .proxy(.timeout(5)), .proxy(.closed),
    .proxy(.notProxy),
    .proxy(.socksReply(0xf0)), .proxy(.socksMethod(0xff)), .proxy(.socksCredentials(1)),
    .proxy(.sam(result: "TIMEOUT", message: "too slow")), .text("an ääh: b"),
    .unknown(kind: 200, [1, 2, 3]),
  ]

  static func read(_ bytes: [UInt8]) throws(WireError) -> Outcome? {
    var reader = ByteReader(bytes.span.bytes)
    let outcome = try Outcome.read(&reader)
    try reader.finish("outcome")
    return outcome
  }

  static func bytes(_ outcome: Outcome?) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendOutcome(outcome)
    return bytes
  }

  @Test(arguments: details) func isReadAsItWasWritten(_ detail: Outcome.Detail) throws {
    for (code, _) in Outcome.Code.names {
      let outcome = Outcome(code, errorNumber: 111, detail)
      let bytes = Self.bytes(outcome)
      #expect(try Self.read(bytes) == outcome)
      for count in bytes.indices {
        #expect(throws: WireError.self) { try Self.read(Array(bytes[..<count])) }
      }
    }
  }

  @Test func keepsWhatALaterVersionSays() throws {
    let later: [UInt8] = [0x12, 0x34, 0, 0, 0, 5, 2, 0, 6, 0, 0, 0, 17, 9, 9]
    let outcome = try #require(try Self.read(later))
    #expect(outcome.code.name == "outcome 4660")
    // A connection's id, and something after it.
    #expect(outcome.detail == .unknown(kind: 2, [0, 0, 0, 17, 9, 9]))
    #expect(Self.bytes(outcome) == later)
    #expect(NodeState(outcome.code) == .ourFault)
  }

  @Test func hasStableNumbers() throws {
    #expect(Outcome.Code.names.map(\.code.rawValue) == Array(1...29))
    #expect(Set(Outcome.Code.names.map(\.name)).count == 29)
    for (code, name) in Outcome.Code.names {
      #expect(code.name == name && Outcome.Code(name: name) == code)
      // Old reasons end a name with a colon.
      #expect(!name.contains(":"))
    }
    #expect(Outcome.Code.refused.rawValue == 2 && Outcome.Code.failed.rawValue == 29)
    let known = Self.bytes(Outcome(.alreadyConnected, .connection(17)))
    #expect(known == [0, 20, 0, 0, 0, 0, 2, 0, 4, 0, 0, 0, 17])
    #expect(Self.bytes(nil) == [0, 0])
  }

  @Test func everyCodeShowsAState() {
    let shown = Outcome.Code.names.filter { NodeState.shows($0.code) }
    #expect(shown.count == Outcome.Code.names.count)
  }

  @Test(arguments: details) func isALineOfText(_ detail: Outcome.Detail) {
    for (code, name) in Outcome.Code.names {
      let words = Outcome(code, errorNumber: 13, detail).words
      #expect(!words.isEmpty && !words.contains("\n"))
      #expect(code == .unspecified || words == name || words.hasPrefix("\(name): "))
    }
  }

  @Test(arguments: [
    (Outcome(.refused, errorNumber: 111), "refused"),
    (Outcome(.unreachable, errorNumber: 101), "unreachable: Network is unreachable"),
    (Outcome(.reset, errorNumber: 104, .beforeVersion), "reset: before version"),
    (Outcome(.failed, errorNumber: 99, .call(.bind)), "failed: bind: Cannot assign requested address"),
    (Outcome(.alreadyConnected, .connection(17)), "already connected: connection 17"),
    (Outcome(.handshakeTimedOut, .timeout(20_000_000_000)), "handshake timed out: not done within 20.0 s"),
    (Outcome(.noRoute, .unproxied(.torV3)), "no route: onion needs a proxy, and none is configured"),
    (
      Outcome(.proxy, errorNumber: 111, .proxy(.unreachable(Endpoint("127.0.0.1:9050")!))),
      "proxy: 127.0.0.1:9050: Connection refused"
    ),
    (Outcome(.proxy, .proxy(.socksReply(0xf0))), "proxy: onion service not found"),
    (Outcome(.unspecified, .text("it is gone")), "it is gone"),
  ])
  func isSaidInWords(_ outcome: Outcome, _ words: String) { #expect(outcome.words == words) }

  // MARK: What came before codes

  @Test func readsEarlyReasons() {
    for (code, name) in Outcome.Code.names where code != .unspecified {
      #expect(Outcome(reason: name, errorNumber: 5) == Outcome(code, errorNumber: 5))
      #expect(Outcome(reason: "\(name): a: b", errorNumber: 0) == Outcome(code, .text("a: b")))
      #expect(Outcome(reason: "\(name)x", errorNumber: 0)?.code == .unspecified)
    }
    #expect(Outcome(reason: "", errorNumber: 111) == nil)
    let old = Outcome(reason: "Connection refused", errorNumber: 111)
    #expect(old == Outcome(.unspecified, errorNumber: 111, .text("Connection refused")))
    #expect(old?.words == "Connection refused" && old?.causeName == nil)
    #expect(Outcome(reason: ": refused", errorNumber: 0)?.code == .unspecified)
  }

  @Test func findsTheOtherConnectionInAnEarlyReason() {
    let outcome = Outcome(reason: "already connected: connection 17", errorNumber: 0)
    #expect(outcome == Outcome(.alreadyConnected, .connection(17)))
    for words in ["connection", "connection x", "connection 4294967296", "socket 17"] {
      let other = Outcome(reason: "already connected: \(words)", errorNumber: 0)
      #expect(other == Outcome(.alreadyConnected, .text(words)))
    }
    let reset = Outcome(reason: "reset: before version", errorNumber: 104)
    #expect(reset == Outcome(.reset, errorNumber: 104, .beforeVersion))
  }
}
