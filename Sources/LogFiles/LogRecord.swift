import BitcoinWire
import Bytes
import EventLoop
import LogProtocol

/// A record of a file, as a native one whatever the file's format; valid until the file's next is read.
public struct LogRecord {
  /// The record's header. A coinscope record has sequence 0 and whole seconds.
  public let header: RecordHeader

  /// The record's body as a native record has it.
  public let body: UnsafeRawBufferPointer

  /// The record as it stands in the file.
  public let bytes: UnsafeRawBufferPointer

  /// The bytes' format.
  public let format: ArchiveFormat

  /// Offset of the record in the file; in what is decompressed, where the file is compressed.
  public let offset: UInt64

  /// The record's number in the file, from 1.
  public let number: UInt64

  /// Appends the record as a native one: the very bytes, where it is.
  public func appendNative(to output: inout [UInt8]) {
    if format == .native { return output.append(contentsOf: bytes) }
    withUnsafeTemporaryAllocation(byteCount: RecordHeader.size, alignment: 8) { space in
      header.write(to: space.baseAddress!)
      output.append(contentsOf: space)
    }
    output.append(contentsOf: body)
  }

  /// The record with another header, and another body where one is given, as a native one that lies in a chunk.
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
  /// What kind of damage it is.
  public enum Kind: String, Sendable {
    /// Something else stands between records.
    case damaged
    /// The file ends in the middle of a record: its writer was cut off, or is still writing.
    case torn
    /// What the file was compressed to cannot be decompressed; the rest is lost.
    case compression
  }

  /// What kind of damage it is.
  public let kind: Kind

  /// The file.
  public let path: String

  /// Offset of the first byte that belongs to no record.
  public let offset: UInt64

  /// How many bytes were skipped to come to the next record, or the end.
  public let count: UInt64

  /// The number that the next record has, from 1.
  public let number: UInt64

  /// What is wrong there, with its offset in the file.
  public let reason: String

  /// A sentence that says where and what.
  public var description: String {
    switch kind {
    case .damaged:
      "\(path): bytes \(offset) to \(offset + count - 1), before record \(number), are no record: \(reason)"
    case .torn: "\(path) ends with \(count) bytes of a record that is not whole, from byte \(offset) on"
    case .compression:
      "\(path): what is compressed cannot be read after record \(number - 1), byte \(offset + count): \(reason)"
    }
  }
}

/// What a file holds next.
public enum LogPiece {
  /// A record.
  case record(LogRecord)
  /// Bytes that are none.
  case damage(LogDamage)
}
