import Bytes
import LogProtocol

/// Decides what an archive does with each record it gets and what a new segment begins with; does no I/O.
///
/// What was planned counts as archived once `commit()` says that it is written: positions and segment heads
/// speak of what is committed only.
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
  public private(set) var table = ConnectionTable()

  private var ledger = SequenceLedger()

  /// The source of the latest record, which most likely is the next one's too, and its sequence: taken into
  /// the ledger only when another source's turn comes.
  private var run: (source: UInt32, last: UInt64) = (0, 0)

  /// By source planned since the last commit, the sequence accounted for before.
  private var committed: [UInt32: UInt64] = [:]

  /// What left since the last commit, but is referred to by records not yet written.
  private var departed: [Departure] = []

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
      return .keepAfter(Self.gap(header.source, missing, known: known))
    }
  }

  /// Everything planned is written: returns how far the archive has come with each source planned since the
  /// last commit.
  public mutating func commit() -> [UInt32: UInt64] {
    settleRun()
    departed.removeAll()
    defer { committed.removeAll(keepingCapacity: true) }
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
    case .sourceJoined(let source, let description): ledger.join(source, instance: description.instance)
    case .gap(let gap):
      ledger.account(for: gap.source == 0 ? header.source : gap.source, upTo: gap.sequences.upperBound)
    case .rotation(let mark): ledger.resume(mark)
    case .sourceLeft, .openConnection, .clock: break
    }
  }
}

extension SegmentPlanner {
  /// Plans a record that the log server made.
  private mutating func unnumbered(
    _ header: RecordHeader,
    _ body: UnsafeRawBufferPointer,
    _ meta: MetaBody?
  ) -> Step {
    defer { take(header, body) }
    switch meta {
    case .sourceJoined(let source, let description):
      if let former = ledger.positions[description.instance]?.source, former != source {
        committed[source] = committed.removeValue(forKey: former)
      }
      ledger.join(source, instance: description.instance)
    case .gap(let gap):
      let known = ledger.sequence(of: gap.source) ?? 0
      guard gap.source != 0 else { break }
      guard gap.sequences.upperBound > known else { return .drop }
      remember(gap.source)
      if let missing = explained(gap, by: gap.source) { return .keepAfter(missing) }
    case .sourceLeft(let source, true, let last, _):
      // It never comes back, so what it had not delivered is gone. Without goodbye it may send it again.
      let known = ledger.sequence(of: source) ?? 0
      guard last > known else { break }
      remember(source)
      ledger.account(for: source, upTo: last)
      return .keepAfter(Self.gap(source, known + 1...last, known: known))
    case .sourceLeft, .openConnection, .clock, .rotation, nil: break
    }
    return .keep
  }

  /// Accounts for what a gap record explains; returns a gap that stands before it unexplained.
  private mutating func explained(_ gap: Gap, by source: UInt32) -> Gap? {
    let known = ledger.sequence(of: source) ?? 0
    ledger.account(for: source, upTo: gap.sequences.upperBound)
    guard gap.sequences.lowerBound > known + 1 else { return nil }
    return Self.gap(source, known + 1...gap.sequences.lowerBound - 1, known: known)
  }

  private static func gap(_ source: UInt32, _ missing: ClosedRange<UInt64>, known: UInt64) -> Gap {
    Gap(
      source: source,
      sequences: missing,
      count: missing.upperBound - missing.lowerBound + 1,
      byteCount: 0,
      cause: known == 0 ? .beforeArchive : .heldByNobody
    )
  }

  private mutating func begin(_ header: RecordHeader, _ body: UnsafeRawBufferPointer) {
    run = (header.source, header.sequence)
    if header.type == .connection || header.type == .meta { take(header, body) }
  }

  private mutating func settleRun() {
    guard run.last > 0 else { return }
    remember(run.source)
    ledger.account(for: run.source, upTo: run.last)
    run = (0, 0)
  }

  /// Notes how far the archive had come with a source, before something of it is planned.
  private mutating func remember(_ source: UInt32) {
    if committed[source] == nil { committed[source] = ledger.sequence(of: source) ?? 0 }
  }

  /// Lets a record change what is live.
  private mutating func take(_ header: RecordHeader, _ body: UnsafeRawBufferPointer) {
    if header.type == .meta, case .sourceLeft(let source, _, _, _)? = try? MetaBody(body.bytes) {
      depart(source)
    } else if header.type == .connection, let event = try? ConnectionEvent(body.bytes),
      event.code.endsConnection, let open = table.connections(of: header.source)[header.connection]
    {
      departed.append(.connection(header.source, header.connection, open))
    }
    table.note(header, body: body)
  }

  private mutating func depart(_ source: UInt32) {
    if let description = table.sources[source] { departed.append(.source(source, description)) }
    for (connection, open) in table.connections(of: source) {
      departed.append(.connection(source, connection, open))
    }
  }
}
