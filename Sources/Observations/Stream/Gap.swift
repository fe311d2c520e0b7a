import Bytes

/// The exact records that a reader misses.
///
/// Layout: u32 source (0: the source of the gap record itself), u64 first and u64 last sequence number, u64
/// count and u64 bytes of the missing records among those the reader asked for (bytes 0: unknown), u8 cause.
public struct Gap: Equatable, Sendable {
  /// The reason for the gap.
  public enum Cause: UInt8, Sendable {
    /// The reader was too slow, and its queue in the log server was full.
    case slowReader = 1
    /// The source's buffer was full while the log server was away or slow.
    case sourceOverflow = 2
    /// No program held them any more after a reconnect.
    case heldByNobody = 3
    /// They were written before this archive had its first reader.
    case beforeArchive = 4

    /// The cause in words.
    public var text: String {
      switch self {
      case .slowReader: "reader too slow"
      case .sourceOverflow: "source could not keep them"
      case .heldByNobody: "nobody holds them any more"
      case .beforeArchive: "from before this archive"
      }
    }
  }

  /// The source of the records; 0 for the source of the gap record itself.
  public var source: UInt32
  /// The range of missing sequence numbers.
  public var sequences: ClosedRange<UInt64>
  /// The number of missing records among those the reader asked for.
  public var count: UInt64
  /// Bytes of these records; 0 if unknown.
  public var byteCount: UInt64
  /// The reason for the gap.
  public var cause: Cause

  /// Creates a gap.
  public init(source: UInt32, sequences: ClosedRange<UInt64>, count: UInt64, byteCount: UInt64, cause: Cause)
  {
    self.source = source
    self.sequences = sequences
    self.count = count
    self.byteCount = byteCount
    self.cause = cause
  }

  @_lifetime(reader: copy reader)
  init(_ reader: inout ByteReader) throws(WireError) {
    source = try reader.big("source")
    let first = try reader.big(UInt64.self, "first sequence")
    let last = try reader.big(UInt64.self, "last sequence")
    guard first <= last else {
      throw WireError(
        .invalid("is \(last), before the first"),
        field: "last sequence",
        offset: reader.offset - 8
      )
    }
    sequences = first...last
    count = try reader.big("count")
    byteCount = try reader.big("bytes")
    let cause = try reader.big(UInt8.self, "cause")
    guard let cause = Cause(rawValue: cause) else {
      throw WireError(.invalid("is \(cause)"), field: "cause", offset: reader.offset - 1)
    }
    self.cause = cause
  }

  func write(to bytes: inout [UInt8]) {
    bytes.appendBig(source)
    bytes.appendBig(sequences.lowerBound)
    bytes.appendBig(sequences.upperBound)
    bytes.appendBig(count)
    bytes.appendBig(byteCount)
    bytes.append(cause.rawValue)
  }
}
