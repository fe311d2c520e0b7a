import LogProtocol
import Observations

/// The place of a record in log files.
public struct LogPlace: Equatable, Sendable {
  /// The file's index among those read, from 0.
  public var file: Int
  /// Offset of the record in the file, after decompression.
  public var offset: UInt64
  /// The record's number in the file, from 1.
  public var record: UInt64

  /// Creates a place.
  public init(file: Int, offset: UInt64, record: UInt64) {
    self.file = file
    self.offset = offset
    self.record = record
  }
}

/// Sequence numbers of one source that an archive lacks for one reason.
public struct MissingRange: Equatable, Sendable {
  /// The reason for missing records.
  public enum Cause: Equatable, Hashable, Sendable {
    /// A gap record names them, with this cause.
    case gap(Gap.Cause)
    /// The source left without goodbye, and the log server had them then.
    case left
    /// No record explains it.
    case unexplained

    /// One word for programs: `slow_reader`, `source_overflow`, `held_by_nobody`, `before_archive`, `left` or
    /// `unexplained`.
    public var word: String {
      switch self {
      case .gap(.slowReader): "slow_reader"
      case .gap(.sourceOverflow): "source_overflow"
      case .gap(.heldByNobody): "held_by_nobody"
      case .gap(.beforeArchive): "before_archive"
      case .left: "left"
      case .unexplained: "unexplained"
      }
    }
  }

  /// The kind of record that shows that the sequence numbers exist.
  public enum Evidence: Equatable, Sendable {
    /// A record with a higher number.
    case record
    /// A gap record that names them, or higher ones.
    case gap
    /// A rotation mark whose position includes them.
    case rotation
    /// *Source left*, with its last sequence number.
    case left
  }

  /// The missing sequence numbers.
  public var sequences: ClosedRange<UInt64>
  /// The reason.
  public var cause: Cause
  /// Whether they are from before the archive began, and so not lost.
  public var isBeforeArchive: Bool
  /// The kind of record that shows them: the gap record or *source left* that is the cause; otherwise the
  /// first record that implies them.
  public var evidence: Evidence
  /// The place of that record.
  public var place: LogPlace

  /// The number of missing records.
  public var count: UInt64 { sequences.upperBound - sequences.lowerBound + 1 }
}
