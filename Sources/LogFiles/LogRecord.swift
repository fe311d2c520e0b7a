import BitcoinWire
import Bytes
import EventLoop
import LogProtocol

/// A record of a file, as a native one whatever the file's format; valid until the file's next record is
/// read.
public struct LogRecord {
  /// The record's header. A coinscope record has sequence number 0 and whole seconds.
  public let header: RecordHeader

  /// The record's body in native form.
  public let body: UnsafeRawBufferPointer

  /// The record's bytes in the file.
  public let bytes: UnsafeRawBufferPointer

  /// The format of `bytes`.
  public let format: ArchiveFormat

  /// Offset of the record in the file, after decompression if the file is compressed.
  public let offset: UInt64

  /// The record's number in the file, from 1.
  public let number: UInt64

  /// The record with its body decoded, valid as long as this one.
  public var typed: StreamRecord { StreamRecord(header, body) }

  /// Appends the record in native form. A native record's bytes are unchanged.
  public func appendNative(to output: inout [UInt8]) {
    if format == .native { return output.append(contentsOf: bytes) }
    withUnsafeTemporaryAllocation(byteCount: RecordHeader.size, alignment: 8) { space in
      header.write(to: space.baseAddress!)
      output.append(contentsOf: space)
    }
    output.append(contentsOf: body)
  }

  /// Copies the record with another header, and another body if given, in native form, into a chunk.
  func with(_ header: RecordHeader, body: [UInt8]?, in chunk: inout Chunk) -> LogRecord {
    var header = header
    header.bodyCount = body?.count ?? self.body.count
    let count = header.recordCount
    if chunk.capacity < count { chunk = Chunk(capacity: 2 * count) }
    header.write(to: chunk.base)
    let space = UnsafeMutableRawBufferPointer(start: chunk.base, count: count)
    let place = UnsafeMutableRawBufferPointer(rebasing: space[RecordHeader.size...])
    if let body { place.copyBytes(from: body) } else { place.copyMemory(from: self.body) }
    return LogRecord(
      header: header,
      body: UnsafeRawBufferPointer(place),
      bytes: UnsafeRawBufferPointer(space),
      format: format,
      offset: offset,
      number: number
    )
  }
}

/// Bytes of a file that are not records.
public struct LogDamage: Error, Equatable, Sendable, CustomStringConvertible {
  /// The kind of damage.
  public enum Kind: String, Sendable {
    /// Bytes between records that are no record.
    case damaged
    /// The file ends in the middle of a record: its writer was cut off, or is still writing.
    case torn
    /// The compressed bytes cannot be decompressed; the rest is lost.
    case compression
  }

  /// The kind of damage.
  public let kind: Kind

  /// The path of the file.
  public let path: String

  /// Offset of the first byte that belongs to no record.
  public let offset: UInt64

  /// Bytes skipped to reach the next record, or the end.
  public let count: UInt64

  /// The number of the next record, from 1.
  public let number: UInt64

  /// The error, with its offset in the file.
  public let reason: String

  /// A sentence with the file, the place and the error.
  public var description: String {
    switch kind {
    case .damaged:
      "\(path): bytes \(offset) to \(offset + count - 1), before record \(number), are no record: \(reason)"
    case .torn: "\(path) ends with \(count) bytes of an incomplete record, from byte \(offset) on"
    case .compression:
      "\(path): cannot be decompressed after record \(number - 1), byte \(offset + count): \(reason)"
    }
  }
}

/// A piece of a file.
public enum LogPiece {
  /// A record.
  case record(LogRecord)
  /// Bytes that are no record.
  case damage(LogDamage)
}
