import BitcoinWire
import Bytes

/// An endless series of messages for measurements: announcements of nonexistent transactions, no two the
/// same.
struct PaceMessage {
  /// The current message, header and payload.
  private(set) var bytes: [UInt8]

  private let itemsStart: Int
  private let itemCount: Int
  private var random: RandomSource

  /// Size in bytes of an inventory item.
  private static let itemSize = 36

  /// Prepares messages of `size` bytes, header included, or of the next smaller possible size: 61 bytes, and
  /// 36 more for each further item.
  init(size: Int, of network: Network, random: RandomSource) {
    let items = max(1, (size - MessageHeader.size - 1) / Self.itemSize)
    // From 253 on, a count takes three bytes.
    itemCount = items < 253 ? items : max(252, (size - MessageHeader.size - 3) / Self.itemSize)
    var payload: [UInt8] = []
    payload.appendCompactSize(UInt64(itemCount))
    itemsStart = MessageHeader.size + payload.count
    for _ in 0..<itemCount { payload += [5, 0, 0, 0] + [UInt8](repeating: 0, count: 32) }
    bytes = network.frame(.inv, payload: payload)
    self.random = random
  }

  /// Makes the next message.
  mutating func advance() {
    let (start, count, size) = (itemsStart, itemCount, Self.itemSize)
    bytes.withUnsafeMutableBytes { bytes in
      for item in 0..<count {
        for word in 0..<4 {
          let offset = start + size * item + 4 + 8 * word
          bytes.storeBytes(of: random.next(), toByteOffset: offset, as: UInt64.self)
        }
      }
      let payload = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[MessageHeader.size...])
      let checksum = Hash256.checksum(payload.bytes)
      bytes.storeBytes(of: checksum.littleEndian, toByteOffset: 20, as: UInt32.self)
    }
  }
}
