import LogProtocol
import Observations

/// The positions that an archive has reported to the log server, kept for the case that it must start over
/// with less.
public struct ArchiveClaims: Equatable, Sendable {
  /// Positions of the sources that are connected.
  public var open: [ArchivePosition] = []

  /// Positions of the sources that left without goodbye, each with the last sequence number that the log
  /// server had of it. These sources have already released the records that the archive acknowledged.
  public var left: [(position: ArchivePosition, last: UInt64)] = []

  /// Positions of the sources that said goodbye while the last segment was being written.
  public var closed: [ArchivePosition] = []

  /// Claims nothing.
  public init() {}

  /// Whether both hold the same positions.
  public static func == (one: ArchiveClaims, other: ArchiveClaims) -> Bool {
    one.open == other.open && one.closed == other.closed
      && one.left.elementsEqual(other.left) { $0.position == $1.position && $0.last == $1.last }
  }
}

extension SegmentPlanner {
  /// Instances that said goodbye and are remembered for each segment: enough for a day of clients that come
  /// and go.
  private static let settledLimit = 1 << 16

  /// Starts an empty segment.
  mutating func beginSegment() { settled = [] }

  /// Records that an instance has said goodbye and is archived to its last record.
  mutating func settle(_ instance: UInt64) {
    guard let position = ledger.positions[instance], settled.count < Self.settledLimit else { return }
    settled.append(position)
  }

  /// The positions as of the last commit.
  var claims: ArchiveClaims {
    var claims = ArchiveClaims()
    for position in positions {
      if let last = left[position.instance] {
        claims.left.append((position, last))
      } else {
        claims.open.append(position)
      }
    }
    claims.closed = settled
    return claims
  }

  /// Takes over the positions that an earlier planner reported, after this one has recalled the file's
  /// records.
  ///
  /// - Returns: the gaps to archive now: records that no source can send again. Gaps of the other sources
  ///   show when those send records.
  mutating func reclaim(_ claims: ArchiveClaims) -> [Gap] {
    for position in claims.open where lacks(position) { bereft.insert(position.instance) }
    var gaps: [Gap] = []
    for (position, last) in claims.left {
      if let gap = forgo(position) { gaps.append(gap) }
      if left.updateValue(last, forKey: position.instance) == nil { leaving.append(position.instance) }
    }
    for position in claims.closed {
      if let gap = forgo(position) { gaps.append(gap) }
      finished.append(position.instance)
    }
    return gaps
  }

  /// Whether the archive now has less of an instance than it reported. Adds an unknown instance to the
  /// ledger.
  private mutating func lacks(_ position: ArchivePosition) -> Bool {
    if ledger.positions[position.instance] == nil {
      ledger.join(position.source, instance: position.instance)
    }
    return position.sequence > ledger.positions[position.instance]!.sequence
  }

  private mutating func forgo(_ position: ArchivePosition) -> Gap? {
    guard lacks(position) else { return nil }
    bereft.insert(position.instance)
    remember(position.source)
    let known = ledger.positions[position.instance]!.sequence
    let missing = gap(position.source, known + 1...position.sequence, known: known)
    ledger.account(for: position.source, upTo: position.sequence)
    return missing
  }
}
