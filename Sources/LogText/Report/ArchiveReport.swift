import BitcoinWire
import Bytes
import LogFiles
import LogProtocol

/// Counts what log files hold and lack: read them with `read(_:)`, in the order in which they were written.
public struct ArchiveReport {
  /// One instance of a source.
  public struct Source: Equatable, Sendable {
    /// The id it had last.
    public var id: UInt32
    /// Its instance; its id if no record names one.
    public var instance: UInt64
    /// The kind of its program; empty if it was never seen to join.
    public var kind: String
    /// The name that its operator gave it.
    public var name: String
    /// The first sequence number found; 0 if there is none.
    public var firstSequence: UInt64
    /// The last sequence number found; 0 if there is none.
    public var lastSequence: UInt64
    /// Its records, without duplicates.
    public var recordCount: UInt64
    /// Bytes of its records, without duplicates.
    public var byteCount: UInt64
    /// Records whose sequence number was there already.
    public var duplicateCount: UInt64
    /// Records after one of the source with a higher number.
    public var lateCount: UInt64
    /// The missing sequence numbers, in order.
    public var missing: [MissingRange]

    /// Missing records from before the archive began, according to a gap record.
    public var beforeArchiveCount: UInt64 { count { $0.isBeforeArchive } }
    /// Records missing later, with a cause in the archive.
    public var explainedCount: UInt64 { count { !$0.isBeforeArchive && $0.cause != .unexplained } }
    /// Records missing without a cause in the archive.
    public var unexplainedCount: UInt64 { count { $0.cause == .unexplained } }

    // No overflow: one source has at most 2^64 - 1 sequence numbers.
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
    /// Bytes of an incomplete record at the end.
    public var tornCount: Int
  }

  /// Numbers of messages of one command.
  public struct Traffic: Equatable, Sendable {
    /// Messages received.
    public var received: UInt64 = 0
    /// Messages sent.
    public var sent: UInt64 = 0
  }

  /// The files read, in order.
  public internal(set) var files: [File] = []
  /// Records of any type.
  public internal(set) var recordCount: UInt64 = 0
  /// Records without a sequence number, made by the log server or the archive.
  public internal(set) var unnumberedCount: UInt64 = 0
  /// The earliest and latest time of a numbered record, in ns since the Unix epoch; nil if there is none. A
  /// coinscope record counts too.
  public internal(set) var times: ClosedRange<UInt64>?
  /// Messages by command.
  public internal(set) var traffic: [Command: Traffic] = [:]
  /// Messages whose checksum is marked as wrong.
  public internal(set) var wrongChecksumCount: UInt64 = 0
  /// Messages earlier than the message before them in the same direction of the same connection.
  public internal(set) var backwardsCount: UInt64 = 0
  /// Connections that opened.
  public internal(set) var openedCount: UInt64 = 0

  var account = ArchiveSequences()
  var latest: [Lane: UInt64] = [:]

  /// Creates an empty report.
  public init() {}

  /// The sources, ordered by id.
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

  /// Records that a source wrote after the archive began and that the archive lacks, with or without a cause;
  /// 2^64 - 1 means at least that.
  public var lostCount: UInt64 { account.lostCount }

  /// Records with a sequence number that the archive had already.
  public var duplicateCount: UInt64 { account.sources.reduce(0) { $0 + $1.duplicateCount } }

  /// Records after one of their source with a higher number.
  public var lateCount: UInt64 { account.sources.reduce(0) { $0 + $1.lateCount } }

  /// Bytes of all files.
  public var byteCount: UInt64 { files.reduce(0) { $0 + $1.byteCount } }

  /// Whether no record is lost, duplicate, out of order or torn, and no time runs backwards.
  public var isFaultless: Bool {
    lostCount == 0 && duplicateCount == 0 && lateCount == 0 && backwardsCount == 0
      && files.allSatisfy { $0.tornCount == 0 }
  }

  /// Counts the records of a file.
  ///
  /// - Throws: `IOError` if the file cannot be read; the records before the error are counted.
  /// - Returns: the damage found, except a torn end.
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
