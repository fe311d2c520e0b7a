import Bytes
import LogProtocol
import Observations

/// Decides what an archive does with each record it gets and what a new segment begins with; does no I/O.
///
/// What was planned counts as archived once `commit()` says that it is written: positions and segment heads
/// speak of what is committed only. They do not speak of sources that said goodbye and are archived to their
/// last record: those never come back, so nobody has to know how far the archive came with them. Nor of those that
/// left without goodbye and without a record, nor of the oldest where more than 1,024 left without goodbye: there may
/// be any number of them.
public struct SegmentPlanner {
  /// What to do with a record.
  public enum Step: Equatable, Sendable {
    /// Archive it.
    case keep
    /// Leave it out: the archive accounts for it already.
    case drop
    /// Archive a record of this gap, then it.
    case keepAfter(Gap)
  }

  /// The sources and connections that are live, as far as records were planned.
  public internal(set) var table = ConnectionTable()

  var ledger = SequenceLedger()

  /// The source of the latest record, which most likely is the next one's too, and its sequence: taken into
  /// the ledger only when another source's turn comes.
  var run: (source: UInt32, last: UInt64) = (0, 0)

  /// By source planned since the last commit, the sequence accounted for before.
  var committed: [UInt32: UInt64] = [:]

  /// What left since the last commit, but is referred to by records not yet written.
  var departed: [Departure] = []

  /// The instances that are gone for good since the last commit.
  var finished: [UInt64] = []

  /// How far the current segment has come with instances that are gone for good: no position tells of them.
  var settled: [ArchivePosition] = []

  /// Instances of which something was archived that is lost.
  var bereft: Set<UInt64> = []

  /// The last sequence that the log server had of each instance that left without goodbye: it tells it again to an
  /// archive that connects.
  var left: [UInt64: UInt64] = [:]

  /// These instances, in the order in which they left; some may have come back.
  var leaving: [UInt64] = []

  /// Creates a planner of an archive that has nothing.
  public init() {}

  /// Plans a record that the log server forwarded.
  ///
  /// - Parameter body: the record's body.
  public mutating func step(_ header: RecordHeader, body: UnsafeRawBufferPointer) -> Step {
    if run.last > 0, header.sequence == run.last &+ 1, header.source == run.source, header.type != .meta {
      run.last = header.sequence
      if header.type == .connection { take(header, body) }
      return .keep
    }
    settleRun()
    let meta = header.type == .meta ? try? MetaBody(body.bytes) : nil
    guard header.sequence > 0 else { return unnumbered(header, body, meta) }
    remember(header.source)
    let known = ledger.sequence(of: header.source) ?? 0
    if case .gap(let gap)? = meta, gap.source == 0 || gap.source == header.source, header.sequence > known,
      // The source itself explains what is missing right before this record.
      let missing = explained(gap, by: header.source)
    {
      _ = ledger.note(source: header.source, sequence: header.sequence)
      return .keepAfter(missing)
    }
    switch ledger.note(source: header.source, sequence: header.sequence) {
    case .duplicate: return .drop
    case .next, .unnumbered:
      begin(header, body)
      return .keep
    case .after(let missing):
      begin(header, body)
      return .keepAfter(self.gap(header.source, missing, known: known))
    }
  }

  /// Everything planned is written: returns how far the archive has come with each source planned since the
  /// last commit.
  public mutating func commit() -> [UInt32: UInt64] {
    settleRun()
    departed.removeAll()
    defer {
      committed.removeAll(keepingCapacity: true)
      for instance in finished {
        settle(instance)
        ledger.forget(instance: instance)
        bereft.remove(instance)
      }
      finished.removeAll()
    }
    return committed.reduce(into: [:]) { $0[$1.key] = ledger.sequence(of: $1.key) ?? $1.value }
  }

  /// How far the archive has come, in what is committed.
  public var positions: [ArchivePosition] {
    ledger.positions.values.map { position in
      var position = position
      position.sequence = min(position.sequence, committed[position.source] ?? .max)
      return position
    }.sorted { ($0.source, $0.instance) < ($1.source, $1.instance) }
  }

  /// What a segment begins with that holds nothing yet: preamble, rotation mark, and what is live.
  public func head(at time: UInt64) -> [UInt8] {
    let mark = MetaBody.rotation(RotationMark(positions: positions)).body
    var live = table
    for departure in departed { departure.restore(to: &live) }
    return StreamPreamble.bytes(createdAt: time)
      + RecordHeader(type: .meta, time: time, bodyCount: mark.count).record(body: mark)
      + live.records(at: time)
  }

  /// Forgets what is live: a log server is about to tell all of it.
  public mutating func forgetLive() {
    if !committed.isEmpty { for source in table.sources.keys { depart(source) } }
    table = ConnectionTable()
  }

  /// Takes in a record that the archive holds from before this process.
  public mutating func recall(_ header: RecordHeader, body: UnsafeRawBufferPointer) {
    _ = ledger.note(source: header.source, sequence: header.sequence)
    guard header.type == .meta, let meta = try? MetaBody(body.bytes) else { return }
    switch meta {
    case .sourceJoined(let source, let description):
      ledger.join(source, instance: description.instance)
      returned(description.instance)
    case .gap(let gap):
      ledger.account(for: gap.source == 0 ? header.source : gap.source, upTo: gap.sequences.upperBound)
    case .rotation(let mark): ledger.resume(mark)
    case .sourceLeft(let source, true, let last, _):
      guard let instance = ledger.instance(of: source), ledger.sequence(of: source) ?? 0 >= last else {
        break
      }
      settle(instance)
      ledger.forget(instance: instance)
    case .sourceLeft(let source, false, let last, _): _ = leave(source, after: last)
    case .sourceLeft, .openConnection, .clock: break
    }
  }
}
