import Bytes
import LogProtocol
import Observations

/// Decides what an archive does with each record, and what a new segment starts with. Does no I/O.
///
/// A planned record counts as archived only after `commit()` reports that it is written: positions and
/// segment heads contain committed records only. They leave out three kinds of sources, of which there may be
/// any number. First, sources that said goodbye and are archived to their last record: they never come back,
/// so no position is needed. Second, sources that left without goodbye and without a record. Third, the
/// oldest ones if more than 1,024 left without goodbye.
public struct SegmentPlanner {
  /// What to do with a record.
  public enum Step: Equatable, Sendable {
    /// Archive it.
    case keep
    /// Leave it out: the archive already accounts for it.
    case drop
    /// Archive a gap record for this gap, then the record.
    case keepAfter(Gap)
  }

  /// The live sources and connections, as of the latest planned record.
  public internal(set) var table = ConnectionTable()

  var ledger = SequenceLedger()

  /// The source of the latest record and its sequence number. Most likely the next record has the same
  /// source, so the ledger is updated only when another source's record comes.
  var run: (source: UInt32, last: UInt64) = (0, 0)

  /// For each source planned since the last commit: the sequence number accounted for before.
  var committed: [UInt32: UInt64] = [:]

  /// Sources and connections that left since the last commit. Records not written yet refer to them.
  var departed: [Departure] = []

  /// Instances that said goodbye since the last commit.
  var finished: [UInt64] = []

  /// Positions, within the current segment, of instances that said goodbye. `positions` no longer has them.
  var settled: [ArchivePosition] = []

  /// Instances that lost archived records.
  var bereft: Set<UInt64> = []

  /// For each instance that left without goodbye: the last sequence number that the log server had of it. The
  /// log server repeats these to an archive that connects.
  var left: [UInt64: UInt64] = [:]

  /// The instances of `left` in the order in which they left; some may have come back.
  var leaving: [UInt64] = []

  /// Creates a planner of an empty archive.
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
      // The source itself explains the records missing right before this one.
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

  /// Marks every planned record as written. Returns the archive's position in each source planned since the
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

  /// The archive's positions, as of the last commit, sorted by source and instance.
  public var positions: [ArchivePosition] {
    ledger.positions.values.map { position in
      var position = position
      position.sequence = min(position.sequence, committed[position.source] ?? .max)
      return position
    }.sorted { ($0.source, $0.instance) < ($1.source, $1.instance) }
  }

  /// The head of a new segment: preamble, rotation mark, and the live sources and connections.
  public func head(at time: UInt64) -> [UInt8] {
    let mark = MetaBody.rotation(RotationMark(positions: positions)).body
    var live = table
    for departure in departed { departure.restore(to: &live) }
    return StreamPreamble.bytes(createdAt: time)
      + RecordHeader(type: .meta, time: time, bodyCount: mark.count).record(body: mark)
      + live.records(at: time)
  }

  /// Forgets which sources and connections are live, because a log server is about to report them all.
  public mutating func forgetLive() {
    if !committed.isEmpty { for source in table.sources.keys { depart(source) } }
    table = ConnectionTable()
  }

  /// Handles a record that the archive already held when this process started.
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
