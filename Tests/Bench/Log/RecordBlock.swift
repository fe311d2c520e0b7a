import BitcoinWire
import Bytes
import LogProtocol

/// The load of a source.
struct Load {
  /// Bytes of each message's payload.
  var payload: Int

  /// The number of records.
  var records: Int

  /// Bytes of each record.
  var recordSize: Int { RecordHeader.size + 24 + payload }

  /// Bytes of each record in coinscope's format.
  var coinscopeSize: Int { 22 + 24 + payload }
}

/// Prepared records that are sent again and again. Only their sequence numbers, and their times if given,
/// change.
final class RecordBlock {
  /// One in 128 records has a rare command, `command(_:)`, in turns; all others have `inv`.
  static let rarity = 128
  /// The number of rare commands.
  static let commandCount = 8

  let size: Int
  let count: Int
  let bytes: UnsafeMutableRawBufferPointer

  static func command(_ index: Int) -> Command { Command("rare\(index)")! }

  /// Makes as many records as fit into 256 KiB; if records are small, a multiple of the commands' period.
  init(_ load: Load, source: UInt32) {
    size = load.recordSize
    let period = Self.rarity * Self.commandCount
    let fitting = max(2, (256 << 10) / size)
    count = fitting >= period ? fitting / period * period : fitting
    bytes = .allocate(byteCount: size * count, alignment: 64)
    let payload = (0..<load.payload).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    let common = Network.mainnet.frame("inv", payload: payload)
    for index in 0..<count {
      let isRare = fitting >= period && index % Self.rarity == 0
      let command = Self.command(index / Self.rarity % Self.commandCount)
      let message = isRare ? Network.mainnet.frame(command, payload: payload) : common
      let header = RecordHeader(
        type: .message,
        source: source,
        time: 1,
        connection: UInt32(index + 1),
        bodyCount: message.count
      )
      let record = header.record(body: message)
      UnsafeMutableRawBufferPointer(rebasing: bytes[index * size..<(index + 1) * size]).copyBytes(
        from: record
      )
    }
  }

  deinit { bytes.deallocate() }

  /// Numbers `count` records from `index` on, and returns their bytes.
  @inline(__always)
  func number(_ count: Int, at index: Int = 0, from sequence: UInt64, time: UInt64? = nil)
    -> UnsafeRawBufferPointer
  {
    let records = UnsafeRawBufferPointer(rebasing: bytes[index * size..<(index + count) * size])
    var target = bytes.baseAddress! + index * size + 16
    for index in 0..<UInt64(count) {
      target.storeBytes(of: (sequence + index).bigEndian, as: UInt64.self)
      if let time { (target - 8).storeBytes(of: time.bigEndian, as: UInt64.self) }
      target += size
    }
    return records
  }
}
