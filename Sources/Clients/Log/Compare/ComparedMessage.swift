import BitcoinWire
import LogProtocol

/// The part of a message that is kept until its counterpart in the other log comes.
struct ComparedMessage: Equatable {
  /// A hash of the header's 24 bytes.
  let header: UInt64
  /// A hash of the payload; 0 if the record was truncated.
  let payload: UInt64
  /// When it was sent or received, in ns since the Unix epoch.
  let time: UInt64
  /// Whether the time is an upper bound.
  let isUpperBound: Bool

  /// Hashes the body of a message record.
  init(_ header: RecordHeader, _ body: UnsafeRawBufferPointer) {
    let end = min(body.count, MessageHeader.size)
    self.header = Self.hash(UnsafeRawBufferPointer(rebasing: body[..<end]))
    payload =
      header.flags.contains(.truncated) ? 0 : Self.hash(UnsafeRawBufferPointer(rebasing: body[end...])) | 1
    time = header.time
    isUpperBound = header.flags.contains(.upperBound)
  }

  /// Whether both are the same message; payloads are compared if both records are whole.
  func isSame(as other: ComparedMessage) -> Bool {
    header == other.header && (payload == other.payload || payload == 0 || other.payload == 0)
  }

  /// A 64-bit hash. It is not cryptographic: collisions are rare, but can be made on purpose.
  private static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var state = 0x9e37_79b9_7f4a_7c15 ^ UInt64(bytes.count)
    func mix(_ word: UInt64) {
      let product = (state ^ word).multipliedFullWidth(by: 0xbf58_476d_1ce4_e5b9)
      state = product.high ^ product.low &+ 0x94d0_49bb_1331_11eb
    }
    var offset = 0
    while offset + 8 <= bytes.count {
      mix(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      offset += 8
    }
    var rest: UInt64 = 0
    for index in offset..<bytes.count { rest = rest << 8 | UInt64(bytes[index]) }
    mix(rest)
    return state ^ state >> 29
  }
}
