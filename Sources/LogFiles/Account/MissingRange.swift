import LogProtocol
import Observations

/// Where in log files a record stands.
public struct LogPlace: Equatable, Sendable {
  /// The file's number among those read, from 0.
  public var file: Int
  /// Offset of the record in the file, decompressed.
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

/// Sequences of one source that an archive lacks, for one reason.
public struct MissingRange: Equatable, Sendable {
  /// Why they are missing.
  public enum Cause: Equatable, Hashable, Sendable {
    /// A gap record names them, with this cause.
    case gap(Gap.Cause)
    /// The source left without goodbye, and the log server had them then.
    case left
    /// No record says why.
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

  /// The record that shows that the sequences exist.
  public enum Evidence: Equatable, Sendable {
    /// A record with a later sequence.
    case record
    /// A gap record that names them, or later ones.
    case gap
    /// A rotation mark that claims them for the archive before it.
    case rotation
    /// *Source left*, by the last sequence that it names.
    case left
  }

  /// The sequences.
  public var sequences: ClosedRange<UInt64>
  /// Why they are missing.
  public var cause: Cause
  /// Whether they are from before the archive began, so that it has lost nothing.
  public var isBeforeArchive: Bool
  /// What shows it: the gap record or *source left* that is the cause; otherwise the first record that implies them.
  public var evidence: Evidence
  /// Where that stands.
  public var place: LogPlace

  /// How many sequences.
  public var count: UInt64 { sequences.upperBound - sequences.lowerBound + 1 }
}
