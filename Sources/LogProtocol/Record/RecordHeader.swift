import Bytes
import Observations

/// The 32 bytes that every record of the native log stream begins with (docs/log-format.md).
///
/// Layout, big-endian: u32 length of what follows it, u32 source, u64 time, u64 sequence, u16 type,
/// u8 flags, u8 reserved, u32 connection.
public struct RecordHeader: Equatable, Sendable {
  /// Bytes of a header, its length field included.
  public static let size = 32

  /// Bytes of the longest record, its length field not included.
  public static let maximumLength = 16 << 20

  /// Bytes of the longest body.
  public static let maximumBodyCount = maximumLength - (size - 4)

  /// Bytes of the body.
  public var bodyCount: Int

  /// Who wrote the record: an id granted by the log server; 0 is the log server itself.
  public var source: UInt32

  /// When it happened, in ns since the Unix epoch.
  public var time: UInt64

  /// The record's number, from 1 for a source's first and 1 more for each after it; 0 for a record that
  /// the log server or an archive made, which is not numbered.
  public var sequence: UInt64

  /// What it is.
  public var type: RecordType

  /// What is particular about it.
  public var flags: RecordFlags

  /// The connection it is about, in its source's numbering; 0 where it is about none.
  public var connection: UInt32

  /// Creates a header.
  public init(
    type: RecordType,
    flags: RecordFlags = [],
    source: UInt32 = 0,
    time: UInt64,
    sequence: UInt64 = 0,
    connection: UInt32 = 0,
    bodyCount: Int
  ) {
    self.bodyCount = bodyCount
    self.source = source
    self.time = time
    self.sequence = sequence
    self.type = type
    self.flags = flags
    self.connection = connection
  }

  /// Bytes of the whole record.
  @inlinable public var recordCount: Int { Self.size + bodyCount }

  /// Reads a header whose length was already checked by a `RecordFramer`.
  ///
  /// - Parameter bytes: at least 32 bytes, from the start of a record.
  @inlinable
  public init(checked bytes: UnsafeRawBufferPointer) {
    func load<T: FixedWidthInteger>(_ offset: Int) -> T {
      T(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
    }
    bodyCount = Int(load(0) as UInt32) + 4 - Self.size
    source = load(4)
    time = load(8)
    sequence = load(16)
    type = RecordType(rawValue: load(24))
    flags = RecordFlags(rawValue: bytes[26])
    connection = load(28)
  }

  /// Checks what no length tells: a type is one bit, and what is reserved is 0. Where they are not, what stands there
  /// is no record.
  ///
  /// - Parameter bytes: at least 32 bytes, from the start of what may be a record.
  public static func checkKind(of bytes: UnsafeRawBufferPointer) throws(WireError) {
    let type = UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 24, as: UInt16.self))
    guard type.nonzeroBitCount == 1 else {
      throw WireError(.invalid("is \(type), which is not one bit"), field: "record type", offset: 24)
    }
    guard bytes[27] == 0 else {
      throw WireError(.invalid("is \(bytes[27]), not 0"), field: "reserved byte", offset: 27)
    }
  }

  /// Writes the header.
  ///
  /// - Parameter target: room for at least 32 bytes.
  public func write(to target: UnsafeMutableRawPointer) {
    func store(_ value: some FixedWidthInteger, _ offset: Int) {
      withUnsafeBytes(of: value.bigEndian) {
        (target + offset).copyMemory(from: $0.baseAddress!, byteCount: $0.count)
      }
    }
    store(UInt32(recordCount - 4), 0)
    store(source, 4)
    store(time, 8)
    store(sequence, 16)
    store(type.rawValue, 24)
    store(flags.rawValue, 26)
    store(UInt8(0), 27)
    store(connection, 28)
  }

  /// The bytes of the whole record with `body`, whose count the header takes over.
  public func record(body: [UInt8]) -> [UInt8] {
    precondition(body.count <= Self.maximumBodyCount)
    var header = self
    header.bodyCount = body.count
    return [UInt8](unsafeUninitializedCapacity: header.recordCount) { target, count in
      header.write(to: target.baseAddress!)
      UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(target)[Self.size...])
        .copyBytes(from: body)
      count = header.recordCount
    }
  }
}
