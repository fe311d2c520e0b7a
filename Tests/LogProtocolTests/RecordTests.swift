import BitcoinWire
import Bytes
import LogProtocol
import Observations
import Testing

/// Expects `read` to refuse every proper prefix of `bytes`.
func expectTruncationsRefused(_ bytes: [UInt8], _ read: ([UInt8]) throws -> Void) {
  for count in 0..<bytes.count {
    do {
      try read(Array(bytes[..<count]))
      Issue.record("\(count) of \(bytes.count) bytes were accepted")
    } catch {}
  }
}

let peer = Endpoint("127.1.2.3:8333")!
let torPeer = Endpoint("pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion:8333")!

@Suite struct RecordHeaderTests {
  let header = RecordHeader(
    type: .message,
    flags: [.sent, .upperBound],
    source: 0x0102_0304,
    time: 0x1112_1314_1516_1718,
    sequence: 0x2122_2324_2526_2728,
    connection: 0x3132_3334,
    bodyCount: 0
  )

  @Test func hasTheDocumentedLayout() {
    #expect(
      Hexadecimal.text(header.record(body: [0xaa, 0xbb]))
        == "0000001e" + "01020304" + "1112131415161718" + "2122232425262728" + "0020" + "11" + "00"
        + "31323334"
        + "aabb"
    )
  }

  @Test func readsWhatItWrites() {
    let bytes = header.record(body: [1, 2, 3])
    var expected = header
    expected.bodyCount = 3
    #expect(bytes.withUnsafeBytes { RecordHeader(checked: $0) } == expected)
  }
}

@Suite struct RecordFramerTests {
  let record = RecordHeader(type: .debug, time: 5, sequence: 1, bodyCount: 0).record(
    body: Array("hello".utf8)
  )

  func first(_ bytes: [UInt8]) throws -> RecordFramer.Piece {
    try bytes.withUnsafeBytes { try RecordFramer.first(in: $0) }
  }

  @Test func asksForMoreUntilARecordIsWhole() throws {
    for count in 0..<record.count {
      #expect(try first(Array(record[..<count])) == .needsMore(count: count < 4 ? 4 : record.count))
    }
    #expect(try first(record + [9]) == .record(count: record.count))
  }

  @Test func findsRecordsBetweenPreamblesWhateverThePieces() throws {
    let stream =
      StreamPreamble.bytes(createdAt: 7) + record + StreamPreamble.bytes(createdAt: 8) + record + record
    for pieceCount in [1, 3, 16, stream.count] {
      var buffer: [UInt8] = []
      var found = 0
      for start in stride(from: 0, to: stream.count, by: pieceCount) {
        buffer += stream[start..<min(start + pieceCount, stream.count)]
        let taken = try buffer.withUnsafeBytes {
          var cursor = RecordCursor($0)
          while let (header, range) = try cursor.next() {
            #expect(header.type == .debug)
            #expect(range.count == record.count)
            found += 1
          }
          return cursor.offset
        }
        buffer.removeFirst(taken)
      }
      #expect(found == 3)
      #expect(buffer.isEmpty)
    }
  }

  @Test(arguments: [0, 27, 0x0100_0001, 0x4e4d_4c48, UInt32.max])
  func refusesALengthNoRecordHas(_ length: UInt32) {
    var bytes: [UInt8] = []
    bytes.appendBig(length)
    bytes += [UInt8](repeating: 0, count: 60)
    #expect(throws: WireError.self) { try first(bytes) }
  }

  @Test func refusesAnotherVersion() {
    var bytes = StreamPreamble.bytes(createdAt: 0)
    bytes[5] = 2
    #expect(throws: WireError.self) { try first(bytes) }
  }
}

@Suite struct ConnectionEventTests {
  @Test func survivesARoundTrip() throws {
    for (index, code) in ConnectionEvent.Code.allCases.enumerated() {
      let event = ConnectionEvent(
        code,
        index % 2 == 0 ? .outbound : .inbound,
        remote: torPeer,
        local: peer,
        duration: 123_456,
        outcome: Outcome(.refused, errorNumber: 111),
        peer: .userAgent(Array("/x/".utf8)),
        evidence: [1, 2, 3]
      )
      #expect(try ConnectionEvent(event.body.span.bytes) == event)
      expectTruncationsRefused(event.body) { _ = try ConnectionEvent($0.span.bytes) }
    }
  }

  @Test func keepsAtMostFourKibibytesOfEvidence() throws {
    let event = ConnectionEvent(
      .closedByUs,
      .inbound,
      remote: peer,
      local: peer,
      evidence: [UInt8](repeating: 7, count: 10_000)
    )
    #expect(try ConnectionEvent(event.body.span.bytes).evidence.count == 4096)
  }
}

@Suite struct MetaBodyTests {
  static let description = SourceDescription(
    instance: 42,
    process: 7,
    kind: "connector",
    name: "a",
    version: "0.1.0"
  )

  static let bodies: [MetaBody] = [
    .sourceJoined(source: 9, description),
    .sourceLeft(source: 9, saidGoodbye: false, lastSequence: 1 << 40, reason: "reset"),
    .openConnection(
      OpenConnection(direction: .inbound, remote: torPeer, local: peer, since: 5, peer: .userAgent([0xff]))
    ),
    .gap(Gap(source: 9, sequences: 5...9, count: 4, byteCount: 1000, cause: .slowReader)),
    .clock(ClockState(offset: -5, errorBound: 9, isSynchronised: true)),
    .rotation(RotationMark(positions: [ArchivePosition(instance: 42, source: 9, sequence: 77)])),
  ]

  @Test(arguments: bodies) func survivesARoundTrip(_ meta: MetaBody) throws {
    #expect(try MetaBody(meta.body.span.bytes) == meta)
    expectTruncationsRefused(meta.body) { _ = try MetaBody($0.span.bytes) }
  }

  @Test func refusesAHostileCount() {
    #expect(throws: WireError.self) { try MetaBody([0x06, 0xff, 0xff, 0xff, 0xff, 0].span.bytes) }
  }
}

@Suite struct LinkMessageTests {
  static let links: [LinkMessage] = [
    .hello(MetaBodyTests.description, formerSource: 9, nextSequence: 100, oldestHeld: 50, secret: nil),
    .grant(source: 9, server: 1, resumeAfter: 99),
    .acknowledge([9: 99, 10: 1]),
    .subscribe(
      {
        var subscription = Subscription(types: [.message, .error])
        subscription.wantsSent = false
        subscription.isArchiving = true
        subscription.slowPolicy = .disconnect
        subscription.commands = ["inv", "tx"]
        subscription.sources = [9]
        subscription.connections = [1, 2]
        return subscription
      }(),
      positions: [ArchivePosition(instance: 42, source: 9, sequence: 77)]
    ),
    .goodbye, .refusal("no"), .rewind(after: 5), .rewound, .statusRequest,
    .status(
      {
        var status = ServerStatus(since: 1, process: 2, version: "0.1.0")
        status.missedRecords = 3
        status.sources = [
          ServerStatus.Source(
            id: 9,
            description: MetaBodyTests.description,
            lastSequence: 5,
            acknowledged: 4,
            connections: 3
          )
        ]
        return status
      }()
    ),
  ]

  @Test(arguments: links) func survivesARoundTrip(_ link: LinkMessage) throws {
    let body = Array(link.record(at: 1).dropFirst(RecordHeader.size))
    #expect(try LinkMessage(body.span.bytes) == link)
    expectTruncationsRefused(body) { _ = try LinkMessage($0.span.bytes) }
  }

  @Test func readsASecretWholeOrNotAtAll() throws {
    let identity = SourceIdentity()
    let hello = LinkMessage.hello(identity, MetaBodyTests.description)
    let body = Array(hello.record(at: 1).dropFirst(RecordHeader.size))
    #expect(try LinkMessage(body.span.bytes) == hello)
    // A source before 0.2 sends the fields without the secret.
    let count = body.count - SourceSecret.size
    guard case .hello(_, _, _, _, nil)? = try LinkMessage(Array(body[..<count]).span.bytes) else {
      Issue.record("hello without a secret was refused")
      return
    }
    for length in count + 1..<body.count {
      #expect(throws: WireError.self) { try LinkMessage(Array(body[..<length]).span.bytes) }
    }
  }

  @Test func leavesOtherMetaAlone() throws {
    for meta in MetaBodyTests.bodies { #expect(try LinkMessage(meta.body.span.bytes) == nil) }
  }
}
