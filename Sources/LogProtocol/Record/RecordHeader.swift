import Bytes
import Observations

/// The 32 bytes at the start of every record of the native log stream (docs/log-format.md).
///
/// Layout, big-endian: u32 length of the rest, u32 source, u64 time, u64 sequence, u16 type, u8 flags, u8
/// reserved, u32 connection.
public struct RecordHeader: Equatable, Sendable {
  /// Bytes of a header, including the length field.
  public static let size = 32

  /// Bytes of the longest record, without the length field.
  public static let maximumLength = 16 << 20

  /// Bytes of the longest body.
  public static let maximumBodyCount = maximumLength - (size - 4)

  /// Bytes of the body.
  public var bodyCount: Int

  /// The id of the source that wrote the record, granted by the log server; 0 is the log server itself.
  public var source: UInt32

  /// The time of the event, in ns since the Unix epoch.
  public var time: UInt64

  /// The record's sequence number: 1 for a source's first record, then one higher each; 0 for a record of the
  /// log server or an archive, which is not numbered.
  public var sequence: UInt64

  /// The kind of record; one bit.
  public var type: RecordType

  /// The direction and other properties of the record.
  public var flags: RecordFlags

  /// The connection that the record is about, in its source's numbering; 0 if it is about none.
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

  /// Decodes a header whose length a `RecordFramer` has checked.
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

  /// Checks the fields besides the length: the type must be one bit and the reserved byte 0. Otherwise the
  /// bytes are no record.
  ///
  /// - Parameter bytes: at least 32 bytes, from the start of a possible record.
  public static func checkKind(of bytes: UnsafeRawBufferPointer) throws(WireError) {
    let type = UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 24, as: UInt16.self))
    guard type.nonzeroBitCount == 1 else {
      throw WireError(.invalid("is \(type), which is not one bit"), field: "record type", offset: 24)
    }
    guard bytes[27] == 0 else {
      throw WireError(.invalid("is \(bytes[27]), not 0"), field: "reserved byte", offset: 27)
    }
  }

  /// Encodes the header.
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

  /// Encodes a whole record with `body`; the header's `bodyCount` is set from it.
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
