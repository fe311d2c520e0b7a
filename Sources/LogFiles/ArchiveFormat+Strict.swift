import BitcoinWire
import Bytes
import LogProtocol
import Observations

extension ArchiveFormat {
  /// Returns the piece that `bytes` begin with. They must begin at a record boundary.
  ///
  /// Stricter than `first(in:)`: a type is one bit, the reserved byte is 0, and coinscope's times are below
  /// 2^34 s (the year 2514). So it detects bytes that are no records at once.
  func strictFirst(in bytes: UnsafeRawBufferPointer) throws(WireError) -> RecordFramer.Piece {
    switch self {
    case .native: try Self.native(bytes)
    case .coinscope: try Self.coinscope(bytes)
    }
  }

  /// Bytes needed to check a native record's header.
  static let headCount = RecordHeader.size

  /// Bytes before a coinscope record's handle or text: u32 length, u32 source, u8 type, u64 seconds.
  static let coinscopeHeadCount = 17

  private static let latestSeconds: UInt64 = 1 << 34

  private static func native(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> RecordFramer.Piece {
    let piece = try RecordFramer.first(in: bytes)
    guard bytes.count >= RecordHeader.size, piece != .preamble else { return piece }
    try RecordHeader.checkKind(of: bytes)
    return piece
  }

  private static func coinscope(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> RecordFramer.Piece {
    let piece = try ArchiveFormat.coinscope.first(in: bytes)
    guard bytes.count >= coinscopeHeadCount else { return piece }
    guard bytes[8] > 1 else {
      throw WireError(.invalid("is META, which coinscope does not send"), field: "record type", offset: 8)
    }
    let seconds = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 9, as: UInt64.self))
    guard seconds < latestSeconds else {
      throw WireError(.limit(value: seconds, maximum: latestSeconds), field: "seconds", offset: 9)
    }
    return piece
  }

  /// Whether a record begins at a place.
  enum Beginning: Equatable {
    case yes, no
    /// At least `needed` bytes are required to tell.
    case unknown(needed: Int)
  }

  /// Whether a record or preamble begins with `bytes`, judged by itself and the bytes after it.
  func beginsRecord(in bytes: UnsafeRawBufferPointer) -> Beginning {
    guard bytes.count >= Self.headCount || self == .coinscope && bytes.count >= Self.coinscopeHeadCount else {
      return .unknown(needed: Self.headCount)
    }
    guard let piece = try? strictFirst(in: bytes) else { return .no }
    switch piece {
    case .preamble: return .yes
    case .needsMore(let count): return .unknown(needed: count)
    case .record(let count):
      guard isConsistent(UnsafeRawBufferPointer(rebasing: bytes[..<count])) else { return .no }
      let following = UnsafeRawBufferPointer(rebasing: bytes[count...])
      return (try? strictFirst(in: following)) != nil ? .yes : .no
    }
  }

  /// Whether a whole record's body agrees with its header, so that its length can be trusted.
  ///
  /// - Parameter bytes: the whole record.
  func isConsistent(_ bytes: UnsafeRawBufferPointer) -> Bool {
    switch self {
    case .native:
      let header = RecordHeader(checked: bytes)
      let body = UnsafeRawBufferPointer(rebasing: bytes[RecordHeader.size...])
      switch header.type {
      case .message: return header.flags.contains(.truncated) || Self.isMessage(body)
      case .connection: return (try? ConnectionEvent(body.bytes)) != nil
      case .meta: return (try? MetaBody(body.bytes)) != nil
      case _ where RecordType.extensions.contains(header.type): return Self.isCounted(body)
      default: return header.type.rawValue <= 0x80 && Self.isText(body)
      }
    case .coinscope:
      let body = UnsafeRawBufferPointer(rebasing: bytes[Self.coinscopeHeadCount...])
      switch RecordType(rawValue: UInt16(bytes[8])) {
      case .message:
        return body.count >= 5 && body[4] <= 1
          && Self.isMessage(UnsafeRawBufferPointer(rebasing: body[5...]))
      case .connection:
        return (try? CoinscopeRecord.native(UnsafeRawBufferPointer(rebasing: bytes[8...]).bytes)) != nil
      default: return body.last == 0 && Self.isText(UnsafeRawBufferPointer(rebasing: body.dropLast()))
      }
    }
  }

  private static func isMessage(_ body: UnsafeRawBufferPointer) -> Bool {
    guard let header = MessageHeader(peeking: body.bytes) else { return false }
    return header.totalLength == body.count
  }

  /// Whether a body is as long as its first u32 says, as for extension types.
  private static func isCounted(_ body: UnsafeRawBufferPointer) -> Bool {
    body.count >= 4 && UInt32(bigEndian: body.loadUnaligned(as: UInt32.self)) == body.count - 4
  }

  private static func isText(_ body: UnsafeRawBufferPointer) -> Bool {
    !body.contains(0) && String(validating: body, as: UTF8.self) != nil
  }

  /// The highest known type.
  private static let lastType = RecordType.alert.rawValue

  /// Greatest difference between the times of two adjacent records, in ns.
  private static let timeLimit: UInt64 = 1 << 59

  /// Whether `bytes`, after a record of that time, look like the next record. After a wrong length, bytes may
  /// pass for a header by chance.
  ///
  /// - Parameter time: ns since the Unix epoch.
  func looksRight(_ bytes: UnsafeRawBufferPointer, after time: UInt64) -> Bool {
    guard let piece = try? strictFirst(in: bytes) else { return false }
    guard bytes.count >= Self.headCount, piece != .preamble else { return true }
    let isNative = self == .native
    let type = isNative ? UInt16(bytes[24]) << 8 | UInt16(bytes[25]) : UInt16(bytes[8])
    let stamp = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: isNative ? 8 : 9, as: UInt64.self))
    let next = isNative ? stamp : stamp * 1_000_000_000
    return type <= Self.lastType && max(next, time) - min(next, time) < Self.timeLimit
  }

  /// The length of the native record at the start of `bytes`, if another header follows and both satisfy
  /// `strictFirst` and `looksRight`; nil if that needs a closer look.
  static func usualCount(_ bytes: UnsafeRawBufferPointer) -> Int? {
    guard bytes.count >= RecordHeader.size, let length = usualLength(bytes, at: 0) else { return nil }
    let count = length + 4
    guard bytes.count - count >= RecordHeader.size, usualLength(bytes, at: count) != nil else { return nil }
    let time = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    let next = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: count + 8, as: UInt64.self))
    return max(next, time) - min(next, time) < timeLimit ? count : nil
  }

  /// The length field of the native record at `offset`, with its whole header in `bytes`; nil if its header
  /// is invalid.
  private static func usualLength(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int? {
    let length = Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
    let type = UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: offset + 24, as: UInt16.self))
    let isUsual =
      length >= RecordHeader.size - 4 && length <= RecordHeader.maximumLength && type != 0
      && type & (type &- 1) == 0 && type <= lastType && bytes[offset + 27] == 0
    return isUsual ? length : nil
  }

  /// Detects the format from a file's first bytes; native if that is unclear.
  static func sniff(_ bytes: UnsafeRawBufferPointer) -> ArchiveFormat {
    if native.chain(in: bytes) > 0 { return .native }
    return coinscope.chain(in: bytes) > 0 ? .coinscope : .native
  }

  /// The number of possible records in a row from the start, up to 16; 0 if the first one is wrong or
  /// inconsistent.
  private func chain(in bytes: UnsafeRawBufferPointer) -> Int {
    var rest = bytes
    for count in 0..<16 {
      do throws(WireError) {
        switch try strictFirst(in: rest) {
        case .needsMore: return rest.count >= Self.headCount ? count + 1 : count
        case .preamble: return 16
        case .record(let length):
          let record = UnsafeRawBufferPointer(rebasing: rest[..<length])
          if count == 0, !isConsistent(record) { return 0 }
          rest = UnsafeRawBufferPointer(rebasing: rest[length...])
        }
      } catch {
        return count
      }
    }
    return 16
  }
}
