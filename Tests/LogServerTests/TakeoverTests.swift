import BitcoinWire
import Bytes
import EventLoop
import LogProtocol
import Observations
import TestSupport
import Testing

@testable import LogServerCore

/// A source cannot be impersonated with the information that every subscriber has.
@Suite struct TakeoverTests {
  /// The hello of a stranger that has read the stream.
  func forgedHello(_ instance: UInt64, _ source: UInt32, secret: SourceSecret?) -> [UInt8] {
    LinkMessage.hello(
      SourceDescription(instance: instance, process: 1, kind: "test", name: "", version: "1"),
      formerSource: source,
      nextSequence: 1,
      oldestHeld: 1,
      secret: secret
    ).record(at: 1)
  }

  func isRefused(_ bench: Bench, _ hello: [UInt8]) throws -> Bool {
    let stranger = try bench.raw("publish")
    stranger.stream.write(hello)
    try bench.loop.run { stranger.isClosed }
    let words = String(decoding: stranger.received, as: UTF8.self)
    return words.contains("does not match instance") || words.contains("hello without a secret")
  }

  @Test func refusesWhoDoesNotProveToBeASourceThatIsConnected() throws {
    let bench = try Bench()
    let identity = SourceIdentity()
    let reader = bench.reader()
    let publisher = bench.publisher(identity: identity)
    publisher.publish(.debug, text: "1")
    try bench.loop.run { publisher.isSettled && publisher.isJoined }
    for secret in [nil, SourceIdentity().secret] {
      #expect(try isRefused(bench, forgedHello(identity.instance, publisher.source, secret: secret)))
    }
    publisher.publish(.debug, text: "2")
    try bench.loop.run { publisher.acknowledgedSequence == 2 && reader.numbered.count == 2 }
    #expect(publisher.isJoined)
    #expect(publisher.failedAttempts == 0)
  }

  @Test func refusesWhoDoesNotProveToBeASourceThatIsAwayAlsoAfterARestart() throws {
    let bench = try Bench("archive_grace = 60.0;")
    let identity = SourceIdentity()
    for _ in 0..<2 {
      #expect(try isRefused(bench, forgedHello(identity.instance, 0, secret: nil)))
      #expect(try isRefused(bench, forgedHello(identity.instance, 0, secret: SourceIdentity().secret)))
      bench.kill()
      try bench.start()
    }
    let publisher = bench.publisher(identity: identity)
    publisher.publish(.debug, text: "1")
    try bench.loop.run { publisher.isJoined }
  }

  @Test func letsASourceComeBackThatProvesToBeItselfThoughItsFormerConnectionStands() throws {
    let bench = try Bench()
    let (former, id) = try PublisherFaultTests().join(bench, instance: 5)
    let (_, newID) = try PublisherFaultTests().join(bench, instance: 5)
    #expect(newID == id)
    try bench.loop.run { former.isClosed }
  }

  @Test(arguments: [1 << 63, (1 << 40) + 2, UInt64.max] as [UInt64])
  func refusesAJumpThatNoDroppedRecordsExplain(sequence: UInt64) throws {
    let bench = try Bench()
    let reader = bench.reader()
    let (source, id) = try PublisherFaultTests().join(bench, instance: 5)
    try bench.loop.run { reader.metas.count == 1 }
    source.stream.write(PublisherFaultTests.record(id, 1, bodyCount: 1))
    source.stream.write(PublisherFaultTests.record(id, sequence, bodyCount: 1))
    try bench.loop.run { source.isClosed && reader.numbered.count == 1 }
    // The source may resume where it was.
    let (again, _) = try PublisherFaultTests().join(bench, instance: 5)
    again.stream.write(PublisherFaultTests.record(id, 2, bodyCount: 1))
    try bench.loop.run { reader.numbered.count == 2 }
  }

  @Test(arguments: [(0, 0), (5, 4), (1, UInt64.max), (UInt64.max, UInt64.max)] as [(UInt64, UInt64)])
  func refusesSequencesThatCannotBe(oldest: UInt64, next: UInt64) throws {
    let bench = try Bench()
    let client = try bench.raw("publish")
    let hello = LinkMessage.hello(
      SourceIdentity(),
      SourceDescription(process: 1, kind: "test", name: "", version: ""),
      nextSequence: next,
      oldestHeld: oldest
    )
    client.stream.write(hello.record(at: 1))
    try bench.loop.run { client.isClosed }
  }

  /// If a source could report a gap in its future, an archive would take later records for duplicates.
  @Test(arguments: [(9, 3), (1, 2), (5, UInt64.max)] as [(UInt64, UInt64)])
  func refusesAGapThatIsNotBeforeTheRecordThatSaysSo(first: UInt64, last: UInt64) throws {
    let bench = try Bench()
    let (source, id) = try PublisherFaultTests().join(bench, instance: 5)
    var body: [UInt8] = [4]
    body.appendBig(UInt32(0))
    for number in [first, last, 1, 0] { body.appendBig(number) }
    body.append(2)
    let record = RecordHeader(type: .meta, source: id, time: 1, sequence: 2, bodyCount: 0).record(body: body)
    source.stream.write(record)
    try bench.loop.run { source.isClosed }
    #expect(bench.server?.status.records == 0)
  }

  @Test func tellsASourceWhyItIsRefused() throws {
    let bench = try Bench()
    let identity = SourceIdentity()
    let publisher = bench.publisher(identity: identity)
    try bench.loop.run { publisher.isJoined }
    #expect(publisher.refusal == nil)
    // A source without a secret claims the instance of a connected one.
    let stranger = try bench.raw("publish")
    stranger.stream.write(forgedHello(identity.instance, 0, secret: nil))
    try bench.loop.run { stranger.isClosed }
    #expect(String(decoding: stranger.received, as: UTF8.self).contains("update this source"))
  }

  @Test func showsNothingOfASecret() {
    let hello = LinkMessage.hello(
      SourceIdentity(number: 0x4142_4344_4546_4748),
      SourceDescription(process: 1, kind: "test", name: "", version: "")
    )
    var dumped = ""
    dump(hello, to: &dumped)
    for text in ["\(hello)", String(reflecting: hello), dumped] {
      #expect(!text.contains("72, 71") && !text.contains("0x48") && text.contains("secret"))
    }
  }
}
