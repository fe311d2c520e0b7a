import Bytes
import EventLoop
import Glibc
import LogProtocol
import LogText
import Observations

/// An archive: a file that records are appended to, the queue of records to write, and the archive's position
/// in each source. It has no sockets, timers or signals.
public final class ArchiveWriter {
  /// The result of opening the archive for the first time.
  public struct Opening: Equatable, Sendable {
    /// Records found in the file.
    public var recordCount: UInt64 = 0
    /// The tail that was cut off its end; nil if it ended with a whole record.
    public var cut: CutTail?
    /// The earlier segment that the positions come from, if the file itself was new or held no whole record.
    public var predecessor: String?
  }

  /// The sizes that the state machine decides by.
  struct Figures {
    /// Bytes waiting to be written.
    var queuedCount = 0
    /// Bytes written so far.
    var byteCount: UInt64 = 0
    /// Bytes in the file.
    var fileSize: UInt64 = 0
    /// Whether the current segment holds more than its head.
    var hasRecords = false
  }

  /// The file's path; it changes with `open(_:at:)`.
  public private(set) var path: String

  /// Records queued for the current segment so far.
  public private(set) var segmentCount: UInt64 = 0

  /// Records queued so far.
  public private(set) var recordCount: UInt64 = 0

  /// Bytes written so far.
  public private(set) var byteCount: UInt64 = 0

  /// The layout of the records in the file.
  public let format: ArchiveFormat

  /// The time when the current segment was started, in ns since the Unix epoch.
  public private(set) var segmentStart: UInt64 = 0

  private var segmentHasRecords = false
  private var planner = SegmentPlanner()
  private var file: SegmentFile?
  /// Bytes to write before the queue: the start of a record that the previous file could not take, and
  /// segment heads.
  private var front: [UInt8] = []
  /// Size of the head at the start of `front`, and size of `front` before any of it was written.
  private var head = (count: 0, frontCount: 0)
  private var queue: WriteQueue
  private var closed: SegmentFile.Identity?

  /// Creates an archive that is not open.
  public init(_ path: String, format: ArchiveFormat = .native, pool: ChunkPool) {
    self.path = path
    self.format = format
    queue = WriteQueue(pool: pool)
  }

  /// Whether a file is open.
  public var isOpen: Bool { file != nil }

  /// The current sizes.
  var figures: Figures {
    let (queued, size) = (queuedCount, file?.size ?? 0)
    return Figures(queuedCount: queued, byteCount: byteCount, fileSize: size, hasRecords: segmentHasRecords)
  }

  /// The file that is open.
  var openFile: SegmentFile? { file }

  /// The inode of the file that was closed last; nil if none was.
  var closedInode: UInt64? { closed.map { UInt64($0.inode) } }

  /// Bytes waiting to be written.
  public var queuedCount: Int { front.count + queue.count }

  /// The archive's positions, as of the last commit.
  public var positions: [ArchivePosition] { planner.positions }

  /// Opens the file for the first time. Its records, or those of the segment before it, give the positions to
  /// resume from.
  ///
  /// A file that holds something other than a log is not changed.
  ///
  /// - Parameter claims: the positions that were reported before and may be lost. Records that are no longer
  ///   there count as missing. If no source can send them again, gap records are written at once.
  public func openFirst(
    at time: UInt64,
    claims: ArchiveClaims = ArchiveClaims()
  ) throws(ArchiveError) -> Opening {
    let file = try SegmentFile(path)
    var opening = Opening()
    if file.size > 0 {
      opening.cut = try file.readBack(at: time, format) { header, body in
        opening.recordCount += 1
        if let header { planner.recall(header, body: body) }
      }
      segmentHasRecords = opening.recordCount > 0
    }
    if format == .native, file.size == 0, let predecessor = PreviousSegment.find(before: path),
      (try? PreviousSegment.read(predecessor) { planner.recall($0, body: $1) }) != nil
    {
      opening.predecessor = predecessor
    }
    let gaps = planner.reclaim(claims)
    begin(file, isContinued: file.size > 0, at: time)
    if format == .native { for gap in gaps { append(gap, at: time) } }
    return opening
  }

  /// Opens a file to continue in. Does nothing if one is open.
  ///
  /// - Returns: the tail that was cut off the file's end; nil if nothing was.
  @discardableResult
  public func open(_ path: String, at time: UInt64) throws(ArchiveError) -> CutTail? {
    guard file == nil else { return nil }
    let file = try SegmentFile(path)
    self.path = file.path
    let isOurs = file.identity == closed
    let cut = file.size > 0 && !isOurs ? try file.readBack(at: time, format) { _, _ in } : nil
    begin(file, isContinued: isOurs && file.size > 0, at: time)
    return cut
  }

  /// Queues records. Leaves out those that the archive already has, and inserts gap records before those that
  /// follow missing ones.
  ///
  /// - Returns: the gaps.
  public func append(_ records: ChunkSlice, at time: UInt64) throws(WireError) -> [Gap] {
    var cursor = RecordCursor(records.bytes)
    var gaps: [Gap] = []
    var run = 0..<0
    while let (header, range) = try cursor.next() {
      let body = UnsafeRawBufferPointer(rebasing: records.bytes[range].dropFirst(RecordHeader.size))
      let step = planner.step(header, body: body)
      if format == .coinscope {
        if step == .drop { continue }
        if case .keepAfter(let gap) = step { gaps.append(gap) }
        guard let bytes = CoinscopeRecord.bytes(header, body: body) else { continue }
        enqueue(bytes)
        segmentCount += 1
        recordCount += 1
        continue
      }
      switch step {
      case .keep where range.lowerBound == run.upperBound:
        run = run.lowerBound..<range.upperBound
      case .keep:
        enqueue(records, run)
        run = range
      case .drop: continue
      case .keepAfter(let gap):
        enqueue(records, run)
        run = range
        append(gap, at: time)
        gaps.append(gap)
      }
      segmentCount += 1
      recordCount += 1
    }
    enqueue(records, run)
    if segmentCount > 0 { segmentHasRecords = true }
    return gaps
  }

  /// Writes the queue until it is empty or the disk refuses.
  ///
  /// - Returns: the archive's new position in each source that had records in the queue.
  public func write() throws(ArchiveError) -> [UInt32: UInt64] {
    guard let file else { return [:] }
    let before = queuedCount
    do throws(IOError) {
      defer {
        let count = UInt64(before - queuedCount)
        byteCount += count
        file.grew(by: count, isWhole: queuedCount == 0)
      }
      while !front.isEmpty {
        let count = Glibc.write(file.descriptor, front, front.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw IOError("write", code: count < 0 ? errno : EIO) }
        front.removeFirst(count)
      }
      _ = try queue.write(to: file.descriptor)
      // Only a non-blocking descriptor can leave bytes in the queue, and a file is never one.
      guard queue.count == 0 else { throw IOError("write", code: EAGAIN) }
    } catch {
      throw .system(IOError("write to \(file.path)", code: error.code))
    }
    return planner.commit()
  }

  /// Closes the file at the end of a whole record. Bytes not written yet go to the next file.
  public func close() throws(ArchiveError) {
    guard let file else { return }
    self.file = nil
    // The next file gets a head of its own, unless part of this head is already written.
    if front.count == head.frontCount { front.removeFirst(head.count) }
    head = (0, 0)
    file.unlock()
    do throws(IOError) { front = try file.cutTornRecord(format) + front } catch { throw .system(error) }
    closed = file.identity
  }

  /// The reported positions, for an archive that starts over.
  var claims: ArchiveClaims { planner.claims }

  /// Forgets which sources and connections are live, because the log server is about to report them all.
  public func forgetLive() { planner.forgetLive() }

  private func begin(_ file: SegmentFile, isContinued: Bool, at time: UInt64) {
    if format == .native {
      let bytes = isContinued ? StreamPreamble.bytes(createdAt: time) : planner.head(at: time)
      front = bytes + front
      head = (bytes.count, front.count)
    }
    if !isContinued {
      planner.beginSegment()
      segmentCount = 0
      segmentHasRecords = queuedCount > 0 && format == .coinscope
    }
    segmentStart = isContinued ? file.startTime(format) ?? time : time
    self.file = file
  }

  private func append(_ gap: Gap, at time: UInt64) {
    let body = MetaBody.gap(gap).body
    enqueue(RecordHeader(type: .meta, time: time, bodyCount: body.count).record(body: body))
    segmentCount += 1
  }

  private func enqueue(_ bytes: [UInt8]) { bytes.withUnsafeBytes { queue.append($0) } }

  private func enqueue(_ records: ChunkSlice, _ run: Range<Int>) {
    let start = records.range.lowerBound
    queue.append(ChunkSlice(records.chunk, start + run.lowerBound..<start + run.upperBound))
  }
}
