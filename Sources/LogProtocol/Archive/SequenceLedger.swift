import Observations

/// Accounts for every sequence number of every source, in the order in which records are read or archived.
public struct SequenceLedger: Sendable {
  /// The meaning of a record's sequence number, given all records before it.
  public enum Verdict: Equatable, Sendable {
    /// The expected number.
    case next
    /// A number already accounted for.
    case duplicate
    /// A higher number; those of the range are missing before it.
    case after(missing: ClosedRange<UInt64>)
    /// The record has no number.
    case unnumbered
  }

  /// The last position of each instance of a source.
  public private(set) var positions: [UInt64: ArchivePosition] = [:]

  private var instances: [UInt32: UInt64] = [:]

  /// Creates an empty ledger.
  public init() {}

  /// Assigns an id to an instance.
  public mutating func join(_ source: UInt32, instance: UInt64) {
    instances[source] = instance
    positions[instance, default: ArchivePosition(instance: instance, source: source, sequence: 0)].source =
      source
  }

  /// Continues from the positions of earlier segments.
  public mutating func resume(_ mark: RotationMark) {
    for position in mark.positions {
      instances[position.source] = position.instance
      if positions[position.instance].map({ $0.sequence <= position.sequence }) ?? true {
        positions[position.instance] = position
      }
    }
  }

  /// Judges a record by its sequence number, and accounts for it and all before it.
  public mutating func note(source: UInt32, sequence: UInt64) -> Verdict {
    guard sequence > 0 else { return .unnumbered }
    let last = self.sequence(of: source) ?? 0
    guard sequence > last else { return .duplicate }
    account(for: source, upTo: sequence)
    return sequence == last + 1 ? .next : .after(missing: last + 1...sequence - 1)
  }

  /// Accounts for all of a source's sequence numbers up to `sequence`.
  public mutating func account(for source: UInt32, upTo sequence: UInt64) {
    // A source that was never seen to join is known only by its id.
    let instance = instances[source] ?? UInt64(source)
    if instances[source] == nil { join(source, instance: instance) }
    positions[instance]!.sequence = max(positions[instance]!.sequence, sequence)
  }

  /// The instance that has the id; nil if none is known.
  public func instance(of source: UInt32) -> UInt64? { instances[source] }

  /// Forgets an instance that never returns.
  public mutating func forget(instance: UInt64) {
    guard let position = positions.removeValue(forKey: instance) else { return }
    if instances[position.source] == instance { instances[position.source] = nil }
  }

  /// The last sequence number accounted for of the source with that id; nil if none is known.
  public func sequence(of source: UInt32) -> UInt64? { instances[source].flatMap { positions[$0]?.sequence } }
}
