import Bytes

/// The layout of an archive's records.
public enum ArchiveFormat: UInt8, CaseIterable, Sendable {
  /// As the log server forwards them: preambles and native records.
  case native = 0
  /// As coinscope's readers get them: u32 length, u32 source, u8 type, u64 seconds, and the rest.
  case coinscope = 1

  /// Least length of a coinscope record, in bytes, without its length field.
  static let coinscopeMinimum = 13

  /// Returns the piece that `bytes` begin with. They must begin at a record boundary. Refuses a length out of
  /// bounds.
  public func first(in bytes: UnsafeRawBufferPointer) throws(WireError) -> RecordFramer.Piece {
    guard self == .coinscope else { return try RecordFramer.first(in: bytes) }
    guard bytes.count >= 9 else { return .needsMore(count: 9) }
    let length = Int(UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self)))
    guard length >= Self.coinscopeMinimum else {
      throw WireError(.invalid("is \(length), shorter than a header"), field: "record length", offset: 0)
    }
    guard length <= RecordHeader.maximumLength else {
      let limit = UInt64(RecordHeader.maximumLength)
      throw WireError(.limit(value: UInt64(length), maximum: limit), field: "record length", offset: 0)
    }
    guard bytes[8].nonzeroBitCount == 1 else {
      throw WireError(.invalid("is \(bytes[8])"), field: "record type", offset: 8)
    }
    return bytes.count >= length + 4 ? .record(count: length + 4) : .needsMore(count: length + 4)
  }

  /// The time stamp of a whole record, in ns since the Unix epoch.
  func time(of record: UnsafeRawBufferPointer) -> UInt64 {
    switch self {
    case .native: return UInt64(bigEndian: record.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    case .coinscope:
      let seconds = UInt64(bigEndian: record.loadUnaligned(fromByteOffset: 9, as: UInt64.self))
      let (time, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
      return overflows ? .max : time
    }
  }

  /// The number of bytes of whole pieces at the start; the rest may be the beginning of one.
  public func wholeCount(of bytes: UnsafeRawBufferPointer) throws(WireError) -> Int {
    var offset = 0
    while offset < bytes.count {
      switch try first(in: UnsafeRawBufferPointer(rebasing: bytes[offset...])) {
      case .needsMore: return offset
      case .preamble: offset += StreamPreamble.size
      case .record(let count): offset += count
      }
    }
    return offset
  }
}
