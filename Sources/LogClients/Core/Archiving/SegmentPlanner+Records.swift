import Bytes
import LogProtocol
import Observations

extension SegmentPlanner {
  /// Plans a record that the log server made; such a record has no sequence number.
  mutating func unnumbered(
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
      returned(description.instance)
    case .gap(let gap):
      guard gap.source != 0 else { break }
      // Every source joins before its other records, so an unknown source has left and is accounted for.
      guard let known = ledger.sequence(of: gap.source), gap.sequences.upperBound > known else {
        return .drop
      }
      remember(gap.source)
      if let missing = explained(gap, by: gap.source) { return .keepAfter(missing) }
    case .sourceLeft(let source, true, let last, _):
      // It never comes back, so records it did not deliver are lost. A source that left without goodbye may
      // send them again.
      let known = ledger.sequence(of: source) ?? 0
      defer { if let instance = ledger.instance(of: source) { finished.append(instance) } }
      guard last > known else { break }
      remember(source)
      ledger.account(for: source, upTo: last)
      return .keepAfter(self.gap(source, known + 1...last, known: known))
    case .sourceLeft(let source, false, let last, _): if !leave(source, after: last) { return .drop }
    case .sourceLeft, .openConnection, .clock, .rotation, nil: break
    }
    return .keep
  }

  /// Instances that left without goodbye and are remembered; the log server has the same limit.
  static let leftLimit = 1024

  /// Records that a source left without goodbye, when the log server had its records up to `last`. Returns
  /// whether that is new.
  mutating func leave(_ source: UInt32, after last: UInt64) -> Bool {
    guard let instance = ledger.instance(of: source) else { return true }
    if let told = left[instance], told >= last { return false }
    if last == 0, ledger.sequence(of: source) == 0 {
      finished.append(instance)
      return true
    }
    if left.updateValue(last, forKey: instance) == nil { leaving.append(instance) }
    guard leaving.count > Self.leftLimit else { return true }
    for instance in leaving.prefix(leaving.count - Self.leftLimit / 2) where left[instance] != nil {
      left[instance] = nil
      finished.append(instance)
    }
    leaving.removeFirst(leaving.count - Self.leftLimit / 2)
    return true
  }

  /// Records that a source is back.
  mutating func returned(_ instance: UInt64) {
    if left.removeValue(forKey: instance) != nil { leaving.removeAll { $0 == instance } }
    finished.removeAll { $0 == instance }
  }

  /// Accounts for the records that a gap record explains. Returns the unexplained gap before it, if there is
  /// one.
  mutating func explained(_ gap: Gap, by source: UInt32) -> Gap? {
    let known = ledger.sequence(of: source) ?? 0
    ledger.account(for: source, upTo: gap.sequences.upperBound)
    guard gap.sequences.lowerBound > known + 1 else { return nil }
    return self.gap(source, known + 1...gap.sequences.lowerBound - 1, known: known)
  }

  func gap(_ source: UInt32, _ missing: ClosedRange<UInt64>, known: UInt64) -> Gap {
    let isBereft = ledger.instance(of: source).map(bereft.contains) ?? false
    return Gap(
      source: source,
      sequences: missing,
      count: missing.upperBound - missing.lowerBound + 1,
      byteCount: 0,
      cause: known == 0 && !isBereft ? .beforeArchive : .heldByNobody
    )
  }

  mutating func begin(_ header: RecordHeader, _ body: UnsafeRawBufferPointer) {
    run = (header.source, header.sequence)
    if header.type == .connection || header.type == .meta { take(header, body) }
  }

  mutating func settleRun() {
    guard run.last > 0 else { return }
    remember(run.source)
    ledger.account(for: run.source, upTo: run.last)
    run = (0, 0)
  }

  /// Keeps the archive's position in a source, before a record of it is planned.
  mutating func remember(_ source: UInt32) {
    if committed[source] == nil { committed[source] = ledger.sequence(of: source) ?? 0 }
  }

  /// Updates the live sources and connections from a record.
  mutating func take(_ header: RecordHeader, _ body: UnsafeRawBufferPointer) {
    if header.type == .meta, case .sourceLeft(let source, _, _, _)? = try? MetaBody(body.bytes) {
      depart(source)
    } else if header.type == .connection, let event = try? ConnectionEvent(body.bytes),
      event.code.endsConnection, let open = table.connections(of: header.source)[header.connection]
    {
      departed.append(.connection(header.source, header.connection, open))
    }
    table.note(header, body: body)
  }

  mutating func depart(_ source: UInt32) {
    if let description = table.sources[source] { departed.append(.source(source, description)) }
    for (connection, open) in table.connections(of: source) {
      departed.append(.connection(source, connection, open))
    }
  }
}
