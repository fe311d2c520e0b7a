import ArgumentParser
import Bytes
import EventLoop
import Glibc
import LogProtocol
import Observations

/// `chaos reader`: reads the records of load sources, checks and counts them, and measures the time from each
/// record's stamp until it is read. For the scenarios.
struct LoadReader: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "reader", shouldDisplay: false)

  @Option var path: String
  @Option var notes: String

  func run() throws {
    let process = try LoadReaderProcess(path, notes)
    process.run()
  }
}

/// A reader's counts and delays by phase, in a shared file.
final class ReaderNotes {
  private static let bucketCount = 512
  private let words: SharedWords

  init(_ path: String) throws(IOError) {
    words = try SharedWords(path, count: 16 + 4 * (Self.bucketCount + 1))
  }

  /// The current phase, 0 to 3, set by the scenario.
  var phase: Int {
    get { Int(words[0]) }
    set { words[0] = UInt64(newValue) }
  }
  /// Numbered records received.
  var received: UInt64 {
    get { words[1] }
    set { words[1] = newValue }
  }
  /// Missed records according to gap records.
  var missed: UInt64 {
    get { words[2] }
    set { words[2] = newValue }
  }
  /// Records that came twice or out of order.
  var disordered: UInt64 {
    get { words[3] }
    set { words[3] = newValue }
  }
  /// Records that are missing without a gap record.
  var unexplained: UInt64 {
    get { words[4] }
    set { words[4] = newValue }
  }
  /// Records with wrong content.
  var wrong: UInt64 {
    get { words[5] }
    set { words[5] = newValue }
  }
  /// Whether the log server has accepted the reader.
  var isConnected: Bool {
    get { words[6] == 1 }
    set { words[6] = newValue ? 1 : 0 }
  }
  /// How many times the connection to the log server was lost.
  var losses: UInt64 {
    get { words[7] }
    set { words[7] = newValue }
  }

  /// Adds a record's delay in ns.
  func note(delay: UInt64) {
    let start = 16 + min(phase, 3) * (Self.bucketCount + 1)
    words[start + Self.bucket(delay)] += 1
    words[start + Self.bucketCount] = max(words[start + Self.bucketCount], delay)
  }

  /// The longest delay of a phase, in ns.
  func longest(in phase: Int) -> UInt64 { words[16 + phase * (Self.bucketCount + 1) + Self.bucketCount] }

  /// The delay in ns that the given part (0 to 1) of a phase's records did not exceed, at most an eighth too
  /// large.
  func delay(_ part: Double, in phase: Int) -> UInt64 {
    let start = 16 + phase * (Self.bucketCount + 1)
    let counts = (0..<Self.bucketCount).map { words[start + $0] }
    var rest = UInt64(Double(counts.reduce(0, +)) * part)
    for (bucket, count) in counts.enumerated() {
      if count > rest { return min(Self.upperBound(bucket), longest(in: phase)) }
      rest -= count
    }
    return longest(in: phase)
  }

  /// The bucket of a delay: eight buckets per power of two.
  private static func bucket(_ delay: UInt64) -> Int {
    guard delay >= 8 else { return Int(delay) }
    let exponent = 63 - delay.leadingZeroBitCount
    return min(bucketCount - 1, (exponent - 2) * 8 + Int(delay >> UInt64(exponent - 3) & 7))
  }

  private static func upperBound(_ bucket: Int) -> UInt64 {
    guard bucket >= 8 else { return UInt64(bucket) }
    let exponent = bucket / 8 + 2
    return UInt64(bucket % 8 + 9) << UInt64(exponent - 3)
  }
}

/// The reader's single thread.
private final class LoadReaderProcess: LogSubscriberHandler {
  private let loop = EventLoop()
  private let notes: ReaderNotes
  private let path: String
  private let parent = getppid()
  private var subscriber: LogSubscriber?
  private var ledger = SequenceLedger()
  private var contents: [UInt64: LoadRecord] = [:]
  private var strangers: Set<UInt32> = []
  private var timer: TimerWatcher?

  init(_ path: String, _ notes: String) throws {
    self.path = path
    self.notes = try ReaderNotes(notes)
  }

  func run() {
    subscriber = LogSubscriber(to: .unix(path), Subscription(types: .debug), on: loop, handler: self)
    timer = TimerWatcher(on: loop) { [unowned self] in if getppid() != parent { loop.stop() } }
    timer?.start(after: 0.5, every: 0.5)
    let watchers = [SIGTERM, SIGINT].map { SignalWatcher($0, on: loop) { [unowned self] in loop.stop() } }
    loop.run()
    watchers.forEach { $0.cancel() }
  }

  func subscriber(_ subscriber: LogSubscriber, received records: ChunkSlice) {
    notes.isConnected = true
    let now = Clock.now()
    var cursor = RecordCursor(records.bytes)
    while let (header, range) = try? cursor.next() {
      let body = UnsafeRawBufferPointer(rebasing: records.bytes[range].dropFirst(RecordHeader.size))
      if header.type == .meta { note(header, try? MetaBody(body.bytes)) }
      if strangers.contains(header.source) { continue }
      // If reading starts in the middle of a source's records, the earlier ones are not missing.
      if header.sequence > 0, ledger.sequence(of: header.source) ?? 0 == 0 {
        ledger.account(for: header.source, upTo: header.sequence - 1)
      }
      switch ledger.note(source: header.source, sequence: header.sequence) {
      case .unnumbered: continue
      case .next: break
      case .duplicate: notes.disordered += 1
      case .after(let missing): notes.unexplained += UInt64(missing.count)
      }
      notes.received += 1
      guard header.type == .debug else { continue }
      notes.note(delay: now > header.time ? now - header.time : 0)
      if let instance = ledger.instance(of: header.source) {
        let content = contents[instance] ?? LoadRecord(instance: instance)
        contents[instance] = content
        if content.number(of: body) == nil { notes.wrong += 1 }
      }
    }
  }

  private func note(_ header: RecordHeader, _ meta: MetaBody?) {
    switch meta {
    case .sourceJoined(let source, let description):
      ledger.join(source, instance: description.instance)
      if description.kind != "load" { strangers.insert(source) }
    case .gap(let gap):
      notes.missed += gap.count
      ledger.account(for: gap.source == 0 ? header.source : gap.source, upTo: gap.sequences.upperBound)
    default: break
    }
  }

  func subscriber(_ subscriber: LogSubscriber, lostServerFor reason: String) { notes.losses += 1 }
}
