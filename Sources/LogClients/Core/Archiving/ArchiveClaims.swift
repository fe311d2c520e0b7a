import LogProtocol
import Observations

/// What an archive has claimed to have of whom, when it has to begin anew with less.
public struct ArchiveClaims: Equatable, Sendable {
  /// How far it had come with sources that are here.
  public var open: [ArchivePosition] = []

  /// How far it had come with sources that left without goodbye, and after which sequence they left. What was archived
  /// of them they had let go of.
  public var left: [(position: ArchivePosition, last: UInt64)] = []

  /// How far it had come with sources that are gone for good and were archived in the last segment.
  public var closed: [ArchivePosition] = []

  /// Claims nothing.
  public init() {}

  /// Whether both claim the same.
  public static func == (one: ArchiveClaims, other: ArchiveClaims) -> Bool {
    one.open == other.open && one.closed == other.closed
      && one.left.elementsEqual(other.left) { $0.position == $1.position && $0.last == $1.last }
  }
}

extension SegmentPlanner {
  /// How many instances that are gone are remembered in a segment: enough for a day of clients that come and go.
  private static let settledLimit = 1 << 16

  /// A segment begins that holds nothing yet.
  mutating func beginSegment() { settled = [] }

  /// An instance is gone for good, and archived to its end.
  mutating func settle(_ instance: UInt64) {
    guard let position = ledger.positions[instance], settled.count < Self.settledLimit else { return }
    settled.append(position)
  }

  /// What is claimed now, in what is committed.
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

  /// Takes over what was claimed before this planner recalled what is there.
  ///
  /// - Returns: what nobody can send again, in gaps that are to be archived now. What others lack shows when they send.
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

  /// Whether less is there than was claimed; makes the instance known.
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
