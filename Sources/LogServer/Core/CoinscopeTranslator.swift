import EventLoop
import Glibc
import LogProtocol
import Observations

/// Translates records into coinscope's format, once for all readers of the same record types.
final class CoinscopeTranslator {
  let types: RecordType
  private var packer: RecordPacker

  /// Bytes before the message in a message record: length, source, type, seconds, handle, direction.
  private static let messageHeaderSize = 22

  init(_ types: RecordType, pool: ChunkPool) {
    self.types = types
    packer = RecordPacker(pool: pool)
  }

  /// Translates the wanted records of a run. Passes on slices of whole records, in order.
  func translate(_ run: ForwardedRun, to pass: (ChunkSlice) -> Void) {
    // One access to the packer for the whole run, not one a record.
    Self.translate(run, types, into: &packer, pass)
  }

  private static func translate(
    _ run: ForwardedRun,
    _ types: RecordType,
    into packer: inout RecordPacker,
    _ pass: (ChunkSlice) -> Void
  ) {
    packer.begin()
    let bytes = run.pieces[0].bytes
    var offset = 0
    for _ in 0..<run.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
      let header = RecordHeader(checked: rest)
      offset += header.recordCount
      guard !types.isDisjoint(with: header.type) else { continue }
      if header.type == .message {
        let target = packer.room(messageHeaderSize + header.bodyCount, pass)
        var end = write(header, to: target)
        end = copy(rest[RecordHeader.size..<min(header.recordCount, rest.count)], to: end)
        for piece in run.pieces.dropFirst() { end = copy(piece.bytes[...], to: end) }
      } else {
        let whole = run.pieces.count == 1 ? [] : run.pieces.flatMap { Array($0.bytes) }
        let record = whole.withUnsafeBytes { whole in
          let from = whole.isEmpty ? rest : whole
          let body = UnsafeRawBufferPointer(rebasing: from[RecordHeader.size..<header.recordCount])
          return CoinscopeRecord.bytes(header, body: body)
        }
        guard let record else { continue }
        let target = packer.room(record.count, pass)
        _ = record.withUnsafeBytes { copy($0[...], to: target) }
      }
    }
    packer.end(pass)
  }

  /// Writes the bytes before a message, in the layout of `CoinscopeRecord.bytes`.
  private static func write(_ header: RecordHeader, to target: UnsafeMutableRawPointer)
    -> UnsafeMutableRawPointer
  {
    let length = UInt32(messageHeaderSize - CoinscopeRecord.lengthSize + header.bodyCount)
    target.storeBytes(of: length.bigEndian, as: UInt32.self)
    target.storeBytes(of: header.source.bigEndian, toByteOffset: 4, as: UInt32.self)
    target.storeBytes(of: UInt8(header.type.rawValue), toByteOffset: 8, as: UInt8.self)
    target.storeBytes(of: (header.time / 1_000_000_000).bigEndian, toByteOffset: 9, as: UInt64.self)
    target.storeBytes(of: header.connection.bigEndian, toByteOffset: 17, as: UInt32.self)
    target.storeBytes(of: header.flags.contains(.sent) ? 1 : 0, toByteOffset: 21, as: UInt8.self)
    return target + messageHeaderSize
  }

  private static func copy(
    _ bytes: Slice<UnsafeRawBufferPointer>,
    to target: UnsafeMutableRawPointer
  ) -> UnsafeMutableRawPointer {
    let bytes = UnsafeRawBufferPointer(rebasing: bytes)
    if let base = bytes.baseAddress { memcpy(target, base, bytes.count) }
    return target + bytes.count
  }
}
