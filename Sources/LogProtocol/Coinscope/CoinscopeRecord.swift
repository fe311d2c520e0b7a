import BitcoinWire
import Bytes
import Observations
import Wording

/// Records of coinscope's log protocol (2015), translated to and from native ones.
///
/// Its times are whole seconds and its addresses IPv4 only. The translation leaves out everything it cannot
/// express: META records, handshake events, types from 0x0100, flags other than the direction.
public enum CoinscopeRecord {
  /// Bytes of the length field before each record.
  public static let lengthSize = 4

  /// Translates a native record into the bytes that coinscope's readers get, length field included; nil if
  /// coinscope has no such record.
  ///
  /// Layout: u32 length, u32 source, u8 type, u64 seconds, then by type: text and NUL; or for a connection
  /// event u32 handle, u32 update type, sockaddr_in remote, sockaddr_in local, u32 text length with NUL, text
  /// and NUL; or for a message u32 handle, u8 1 if we sent it, the message as on the wire.
  public static func bytes(_ header: RecordHeader, body: UnsafeRawBufferPointer) -> [UInt8]? {
    guard header.type.rawValue <= 0x80, header.type != .meta else { return nil }
    var bytes: [UInt8] = [0, 0, 0, 0]
    bytes.reserveCapacity(body.count + 32)
    bytes.appendBig(header.source)
    bytes.append(UInt8(header.type.rawValue))
    bytes.appendBig(header.time / 1_000_000_000)
    switch header.type {
    case .message:
      bytes.appendBig(header.connection)
      bytes.append(header.flags.contains(.sent) ? 1 : 0)
      bytes.append(contentsOf: body)
    case .connection:
      guard let event = try? ConnectionEvent(body.bytes), event.code != .handshaken else { return nil }
      append(event, handle: header.connection, to: &bytes)
    default:
      bytes.append(contentsOf: body)
      bytes.append(0)
    }
    bytes.replaceBig(UInt32(bytes.count - lengthSize), at: 0)
    return bytes
  }

  /// Decodes a coinscope source's record, without its length field: u8 type, u64 seconds, then as above.
  ///
  /// The header's source and sequence number are 0; the log server assigns them.
  public static func native(_ bytes: RawSpan) throws(WireError) -> (header: RecordHeader, body: [UInt8]) {
    var reader = ByteReader(bytes)
    let type = RecordType(rawValue: UInt16(try reader.big(UInt8.self, "type")))
    guard RecordType.names.contains(where: { $0.type == type }), type != .meta else {
      throw WireError(
        .invalid("is \(type.rawValue), which coinscope does not have"),
        field: "type",
        offset: 0
      )
    }
    let seconds = try reader.big(UInt64.self, "seconds")
    let (time, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    guard !overflows else { throw WireError(.invalid("are past the year 2554"), field: "seconds", offset: 1) }
    var header = RecordHeader(type: type, time: time, bodyCount: 0)
    var body: [UInt8]
    switch type {
    case .message:
      header.connection = try reader.big("handle")
      if try reader.big(UInt8.self, "is sender") != 0 { header.flags.insert(.sent) }
      body = try reader.array(reader.remaining, "message")
    case .connection:
      header.connection = try reader.big("handle")
      body = try event(&reader).body
    default:
      body = try reader.array(reader.remaining, "text")
      if body.last == 0 { body.removeLast() }
    }
    header.bodyCount = body.count
    return (header, body)
  }

  /// Decodes a record like `native` if it is a whole message, without copying it: the body lies in `bytes`.
  /// Nil for any other record.
  ///
  /// The header's source and sequence number are 0.
  public static func message(
    _ bytes: UnsafeRawBufferPointer
  ) -> (header: RecordHeader, body: UnsafeRawBufferPointer)? {
    let start = 14
    guard bytes.count >= start, bytes[0] == UInt8(RecordType.message.rawValue) else { return nil }
    let seconds = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 1, as: UInt64.self))
    let (time, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    guard !overflows else { return nil }
    let header = RecordHeader(
      type: .message,
      flags: bytes[13] != 0 ? .sent : [],
      time: time,
      connection: UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 9, as: UInt32.self)),
      bodyCount: bytes.count - start
    )
    return (header, UnsafeRawBufferPointer(rebasing: bytes[start...]))
  }

  private static func append(_ event: ConnectionEvent, handle: UInt32, to bytes: inout [UInt8]) {
    bytes.appendBig(handle)
    bytes.appendBig(event.code.rawValue)
    bytes.appendSocketAddress(event.remote)
    bytes.appendSocketAddress(event.local)
    var text = event.outcome?.words ?? ""
    if event.remote.address.network != .ipv4 {
      text = text.isEmpty ? event.remote.description : "\(event.remote): \(text)"
    }
    let characters = Array(text.utf8)
    bytes.appendBig(UInt32(text.isEmpty ? 0 : characters.count + 1))
    if !text.isEmpty { bytes += characters + [0] }
  }

  @_lifetime(reader: copy reader)
  private static func event(_ reader: inout ByteReader) throws(WireError) -> ConnectionEvent {
    let type = try reader.big(UInt32.self, "update type")
    guard let code = ConnectionEvent.Code(rawValue: type), code != .handshaken else {
      throw WireError(.invalid("is \(type)"), field: "update type", offset: reader.offset - 4)
    }
    let remote = try reader.socketAddress("remote address")
    let local = try reader.socketAddress("local address")
    var text = try reader.array(Int(try reader.big(UInt32.self, "text length")), "text")
    if text.last == 0 { text.removeLast() }
    try reader.finish("connection event")
    return ConnectionEvent(
      code,
      code == .accepted ? .inbound : .outbound,
      remote: remote,
      local: local,
      outcome: Outcome(reason: String(decoding: text, as: UTF8.self), errorNumber: 0)
    )
  }
}
