import Bytes
import Configuration
import EventLoop
import Glibc
import LogFiles
import LogProtocol
import Logging
import Observations
import TestSupport
import Testing

@testable import LogConsumer
@testable import LogServerCore

/// A log server, a source, and an archive that writes as slowly as a test wants.
final class Stage: LogSubscriberHandler {
  let folder = TemporaryFolder()
  let loop = EventLoop()
  let server: LogServer
  let source: LogPublisher
  /// Bytes that the archive has received and not written.
  private var unwritten: [UInt8] = StreamPreamble.bytes(createdAt: 1)
  private var written: [UInt8] = []
  private var subscriber: LogSubscriber!
  private var segments = 0
  /// Whether the archive writes received bytes.
  var writes = true { didSet { flush() } }

  init() throws {
    let configuration = try Configuration(
      text: "logger: { root = \"\(folder.path)\"; archive_grace = 0.0; };",
      file: "test.cfg"
    )
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    server = try LogServer(configuration, on: loop, logger: logger)
    source = LogPublisher(
      to: .unix(folder.path + "publish"),
      as: SourceDescription(process: 1, kind: "test", name: "", version: "1"),
      identity: SourceIdentity(),
      limit: 64 << 20,
      on: loop
    )
    subscriber = LogSubscriber(to: address, Subscription(), on: loop, handler: self)
    flush()
    try loop.run { subscriber.isConnected && source.isJoined }
  }

  var address: SocketAddress { .unix(folder.path + "subscribe") }
  var archive: String { folder.path + "verbatim.log" }

  func subscriber(_ subscriber: LogSubscriber, received records: ChunkSlice) {
    unwritten += records.bytes
    flush()
  }

  func subscriber(_ subscriber: LogSubscriber, lostServerFor reason: String) {}

  private func flush() {
    guard writes else { return }
    written += unwritten
    unwritten = []
    save()
  }

  /// Writes half of the unwritten bytes, so that the file ends within a record.
  func writeHalf() {
    let half = unwritten.count / 2 + 5
    written += unwritten[..<half]
    unwritten.removeFirst(half)
    save()
  }

  /// Renames the open segment and begins another.
  func rotate() {
    segments += 1
    rename(archive, folder.path + "verbatim.log-\(segments)")
    written = StreamPreamble.bytes(createdAt: UInt64(1 + segments))
    save()
  }

  /// Drops the unwritten bytes.
  func forget() { unwritten = [] }

  /// Writes the file in place, as an archive does.
  private func save() {
    let descriptor = open(archive, O_WRONLY | O_CREAT, 0o644)
    defer { close(descriptor) }
    written.withUnsafeBytes { _ = pwrite(descriptor, $0.baseAddress, $0.count, 0) }
  }

  func publish(_ count: Int) { for number in 0..<count { source.publish(.debug, text: "record \(number)") } }

  func consumer(_ origin: LogConsumer.Origin, _ criteria: RecordCriteria = RecordCriteria()) -> Reader {
    Reader(origin, criteria, on: loop)
  }
}

/// Records everything that a consumer hands over.
final class Reader: LogConsumerHandler {
  var sequences: [UInt64] = []
  var types: Set<RecordType> = []
  var states: [LogConsumer.State] = []
  var damage: [String] = []
  /// Number of records after which it pauses.
  var pausesAfter = Int.max
  private(set) var consumer: LogConsumer!

  init(_ origin: LogConsumer.Origin, _ criteria: RecordCriteria = RecordCriteria(), on loop: EventLoop) {
    consumer = LogConsumer(origin, criteria, on: loop, handler: self)
  }

  func consumer(_ consumer: LogConsumer, received record: StreamRecord) {
    types.insert(record.header.type)
    if record.header.sequence > 0 { sequences.append(record.header.sequence) }
    if sequences.count == pausesAfter { consumer.pause() }
  }

  func consumer(_ consumer: LogConsumer, became state: LogConsumer.State) { states.append(state) }

  func consumer(_ consumer: LogConsumer, found damage: LogDamage) { self.damage.append("\(damage)") }
}

@Suite struct LogConsumerTests {
  @Test func followsTheStream() throws {
    let stage = try Stage()
    let reader = stage.consumer(.live(stage.address, key: nil))
    reader.consumer.start()
    try stage.loop.run { reader.states == [.live] }
    stage.publish(100)
    try stage.loop.run { reader.sequences.count >= 100 }
    #expect(reader.sequences.suffix(100).elementsEqual(reader.sequences.last! - 99...reader.sequences.last!))
    #expect(reader.consumer.account.isWhole)
    reader.consumer.cancel()
  }

  @Test func skipsAndCountsWhatItCannotRead() throws {
    let stage = try Stage()
    let reader = stage.consumer(.live(stage.address, key: nil))
    reader.consumer.start()
    try stage.loop.run { reader.states == [.live] }
    stage.source.publish(.meta, at: 1, body: [0x7e])
    stage.source.publish(.connection, at: 1, body: [9, 9, 9])
    stage.source.publish(.alert, at: 1, body: [0, 0, 0, 1, 5])
    stage.source.publish(RecordType(rawValue: 0x8000), at: 1, body: [1, 2, 3])
    stage.publish(1)
    try stage.loop.run { reader.types.contains(.debug) }
    #expect(reader.consumer.account.unreadable == [.meta: 1, .connection: 1])
    // Types that are merely not decoded are handed over.
    #expect(reader.types.isSuperset(of: [.alert, RecordType(rawValue: 0x8000)]))
    reader.consumer.cancel()
  }

  @Test func readsFilesInTheOrderInWhichTheyWereBegun() throws {
    let loop = EventLoop()
    let folder = TemporaryFolder()
    func record(_ sequence: UInt64) -> [UInt8] {
      RecordHeader(type: .debug, source: 5, time: sequence, sequence: sequence, bodyCount: 0).record(body: [
        65
      ])
    }
    let later = folder.write(StreamPreamble.bytes(createdAt: 9) + record(3) + record(4), to: "a")
    let torn = Array(record(7).dropLast(3))
    let former = folder.write(StreamPreamble.bytes(createdAt: 8) + record(1) + record(2) + torn, to: "b")
    let reader = Reader(.files([later, former], format: nil), on: loop)
    reader.consumer.start()
    try loop.run { reader.states.last == .ended }
    #expect(reader.sequences == [1, 2, 3, 4])
    #expect(reader.damage.count == 1 && reader.consumer.account.damagedBytes == UInt64(torn.count))
    #expect(!reader.consumer.account.isWhole)
    let missing = Reader(.files([folder.path + "none"], format: nil), on: loop)
    missing.consumer.start()
    try loop.run { if case .failed = missing.states.last { true } else { false } }
  }

  /// Records from the archive, then from the log server; the archive lags, ends within a record, and rotates.
  @Test(arguments: [false, true]) func goesFromAnArchiveToTheStreamWithoutAGapOrADoubling(rotates: Bool)
    throws
  {
    let stage = try Stage()
    stage.publish(1000)
    try stage.loop.run { stage.source.acknowledgedSequence == stage.source.lastSequence }
    stage.writes = false
    stage.publish(500)
    try stage.loop.run { stage.source.acknowledgedSequence == stage.source.lastSequence }
    let reader = stage.consumer(.archiveThenLive([stage.archive], stage.address, key: nil))
    reader.consumer.start()
    // The consumer waits for the archive, and buffers the live records.
    try stage.loop.run { reader.sequences.count >= 1000 }
    stage.publish(500)
    try stage.loop.run(for: 0.1)
    #expect(reader.states == [.reading])
    stage.writeHalf()
    try stage.loop.run(for: 0.1)
    #expect(reader.states == [.reading])
    stage.writes = true
    if rotates { stage.rotate() }
    stage.publish(500)
    try stage.loop.run { reader.states.last == .live && reader.sequences.last == stage.source.lastSequence }
    stage.publish(100)
    try stage.loop.run { reader.sequences.last == stage.source.lastSequence }
    #expect(reader.sequences.elementsEqual(1...stage.source.lastSequence))
    #expect(reader.consumer.account.isWhole && reader.consumer.account.damagedBytes == 0)
    reader.consumer.cancel()
  }

  @Test func countsWhatNeitherTheArchiveNorTheStreamHas() throws {
    let stage = try Stage()
    stage.publish(100)
    try stage.loop.run { stage.source.acknowledgedSequence == stage.source.lastSequence }
    stage.writes = false
    let archived = stage.source.lastSequence
    stage.publish(50)
    try stage.loop.run { stage.source.acknowledgedSequence == stage.source.lastSequence }
    stage.forget()
    let lost = stage.source.lastSequence
    let reader = stage.consumer(.archiveThenLive([stage.archive], stage.address, key: nil))
    reader.consumer.archivePatience = 0.2
    reader.consumer.start()
    try stage.loop.run { reader.states.last == .live }
    stage.publish(10)
    try stage.loop.run { reader.sequences.last == stage.source.lastSequence }
    #expect(reader.sequences == Array(1...archived) + Array(lost + 1...stage.source.lastSequence))
    #expect(reader.consumer.account.missed == lost - archived)
    reader.consumer.cancel()
  }

  /// If a reader pauses within a piece of the stream, the rest of the piece is buffered and not lost.
  @Test(arguments: [false, true]) func handsNothingOverWhilePaused(hasArchive: Bool) throws {
    let stage = try Stage()
    stage.publish(500)
    try stage.loop.run { stage.source.acknowledgedSequence == stage.source.lastSequence }
    let reader =
      hasArchive
      ? stage.consumer(.archiveThenLive([stage.archive], stage.address, key: nil))
      : stage.consumer(.live(stage.address, key: nil))
    reader.pausesAfter = hasArchive ? 100 : 700
    reader.consumer.start()
    try stage.loop.run { reader.states.last == (hasArchive ? .reading : .live) }
    stage.publish(1000)
    try stage.loop.run { stage.source.acknowledgedSequence == stage.source.lastSequence }
    try stage.loop.run { reader.sequences.count >= reader.pausesAfter }
    try stage.loop.run(for: 0.1)
    #expect(reader.sequences.count == reader.pausesAfter)
    reader.consumer.resume()
    try stage.loop.run { reader.sequences.last == stage.source.lastSequence }
    #expect(reader.sequences.elementsEqual(reader.sequences[0]...stage.source.lastSequence))
    #expect(reader.consumer.account.isWhole)
    reader.consumer.cancel()
  }

  @Test func waitsForALogServer() throws {
    let loop = EventLoop()
    let folder = TemporaryFolder()
    let reader = Reader(.live(.unix(folder.path + "subscribe"), key: nil), on: loop)
    reader.consumer.start()
    try loop.run { if case .waiting = reader.states.last { true } else { false } }
    #expect(reader.consumer.account.interruptions == 0)
    reader.consumer.cancel()
  }
}
