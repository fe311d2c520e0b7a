import BitcoinWire
import Bytes
import LogFiles
import LogProtocol

/// What log files hold, and whether anything is missing: read with `read(_:)`, in the order in which
/// they were written.
public struct ArchiveReport {
  /// One instance of a source.
  public struct Source: Equatable, Sendable {
    /// The id it had last.
    public var id: UInt32
    /// Its instance; its id if no record names it.
    public var instance: UInt64
    /// The kind of its program; empty where it was never seen to join.
    public var kind: String
    /// What its operator calls it.
    public var name: String
    /// The first sequence found; 0 where none is.
    public var firstSequence: UInt64
    /// The last sequence found.
    public var lastSequence: UInt64
    /// Its records, duplicates not counted.
    public var recordCount: UInt64
    /// Bytes of its records, duplicates not counted.
    public var byteCount: UInt64
    /// Records whose sequence was there already.
    public var duplicateCount: UInt64
    /// Records that come after a later one of the source.
    public var lateCount: UInt64
    /// The sequences that are missing, in order.
    public var missing: [MissingRange]

    /// Sequences from before the archive began, as a gap record says.
    public var beforeArchiveCount: UInt64 { count { $0.isBeforeArchive } }
    /// Sequences missing later, for a reason that a record says.
    public var explainedCount: UInt64 { count { !$0.isBeforeArchive && $0.cause != .unexplained } }
    /// Sequences missing without any word.
    public var unexplainedCount: UInt64 { count { $0.cause == .unexplained } }

    // The sequences of one source are at most 2^64 - 1.
    private func count(_ isCounted: (MissingRange) -> Bool) -> UInt64 {
      missing.reduce(0) { isCounted($1) ? $0 + $1.count : $0 }
    }
  }

  /// A file that was read.
  public struct File: Equatable, Sendable {
    /// Its path.
    public var path: String
    /// Bytes of its whole records and preambles.
    public var byteCount: UInt64
    /// Bytes after them: a record that is not whole.
    public var tornCount: Int
  }

  /// How many messages of a command there are.
  public struct Traffic: Equatable, Sendable {
    /// How many we received.
    public var received: UInt64 = 0
    /// How many we sent.
    public var sent: UInt64 = 0
  }

  /// The files read, in order.
  public internal(set) var files: [File] = []
  /// Records, of whatever kind.
  public internal(set) var recordCount: UInt64 = 0
  /// Records that the log server or the archive made.
  public internal(set) var unnumberedCount: UInt64 = 0
  /// The earliest and the latest time of a numbered record, ns since the Unix epoch; nil where there is none.
  public internal(set) var times: ClosedRange<UInt64>?
  /// Messages by command.
  public internal(set) var traffic: [Command: Traffic] = [:]
  /// Messages whose checksum is marked as wrong.
  public internal(set) var wrongChecksumCount: UInt64 = 0
  /// Messages whose time is before that of the message before them in the same direction of the same
  /// connection.
  public internal(set) var backwardsCount: UInt64 = 0
  /// Connections that opened.
  public internal(set) var openedCount: UInt64 = 0

  var account = ArchiveSequences()
  var latest: [Lane: UInt64] = [:]

  /// Reports on nothing yet.
  public init() {}

  /// The sources, in order of id.
  public var sources: [Source] {
    account.sources.map { source in
      Source(
        id: source.id,
        instance: source.instance ?? UInt64(source.id),
        kind: source.description?.kind ?? "",
        name: source.description?.name ?? "",
        firstSequence: source.present.ranges.first?.lowerBound ?? 0,
        lastSequence: source.present.ranges.last?.upperBound ?? 0,
        recordCount: source.recordCount,
        byteCount: source.byteCount,
        duplicateCount: source.duplicateCount,
        lateCount: source.lateCount,
        missing: source.missing
      )
    }.sorted { ($0.id, $0.instance) < ($1.id, $1.instance) }
  }

  /// Records that were written by their source after the archive began and are not in it, whether a record says so or
  /// not; 2^64 - 1 stands for any larger number, too.
  public var lostCount: UInt64 { account.lostCount }

  /// Records in the archive more than once.
  public var duplicateCount: UInt64 { account.sources.reduce(0) { $0 + $1.duplicateCount } }

  /// Records that come after a later one of their source.
  public var lateCount: UInt64 { account.sources.reduce(0) { $0 + $1.lateCount } }

  /// Bytes of all files.
  public var byteCount: UInt64 { files.reduce(0) { $0 + $1.byteCount } }

  /// Whether nothing is missing, twice, out of order or torn, and no time runs backwards.
  public var isFaultless: Bool {
    lostCount == 0 && duplicateCount == 0 && lateCount == 0 && backwardsCount == 0
      && files.allSatisfy { $0.tornCount == 0 }
  }

  /// Takes in a file: every record that can be read.
  ///
  /// - Throws: `IOError` where it cannot be read; what stands before is taken in.
  /// - Returns: what is no record, but for a torn end.
  @discardableResult
  public mutating func read(_ file: LogFile) throws(IOError) -> [LogDamage] {
    var damages: [LogDamage] = []
    files.append(File(path: file.path, byteCount: 0, tornCount: 0))
    while let piece = try file.next() {
      switch piece {
      case .record(let record):
        let place = LogPlace(file: files.count - 1, offset: record.offset, record: record.number)
        note(record.header, body: record.body, at: place)
      case .damage(let damage) where damage.kind == .torn:
        files[files.count - 1].tornCount = Int(damage.count)
      case .damage(let damage): damages.append(damage)
      }
      files[files.count - 1].byteCount = file.offset
    }
    files[files.count - 1].byteCount = file.offset - UInt64(files[files.count - 1].tornCount)
    return damages
  }
}
