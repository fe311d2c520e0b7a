import BitcoinWire
import Bytes
import LogProtocol

/// The content of a record with a Bitcoin message, as far as it can be decoded.
struct MessageText {
  /// The message's header; nil if it is not whole.
  let header: MessageHeader?
  /// Bytes of the payload in the record.
  let payloadCount: Int
  /// Whether the checksum is right; nil if the record does not show it.
  let isChecksumRight: Bool?
  /// A short description of the message, safe to print.
  let summary: String
  /// The message and the bytes after it; nil if it could not be decoded.
  let decoded: DecodedMessage?
  /// The names that the message's network uses.
  let dialect: Dialect
  /// Whether the payload could not be decoded.
  let isMalformed: Bool

  /// Decodes a message.
  ///
  /// - Parameter header: the message's header, as the record's content has it.
  init(_ record: StreamRecord, _ header: MessageHeader?) {
    guard let header else {
      self.header = nil
      dialect = .bitcoin
      decoded = nil
      payloadCount = 0
      isChecksumRight = nil
      isMalformed = true
      summary = "malformed: \(record.body.count) bytes are less than a message header"
      return
    }
    let payload = record.payload
    let flags = record.header.flags
    self.header = header
    dialect = Dialect(magic: header.magic)
    payloadCount = payload.count
    let isCut = flags.contains(.truncated) || payload.count != Int(header.length)
    isChecksumRight =
      flags.contains(.wrongChecksum)
      ? false : isCut ? nil : Hash256.checksum(payload.bytes) == header.checksum
    if isCut {
      decoded = nil
      isMalformed = payload.count != Int(header.length) && !flags.contains(.truncated)
      summary = "\(header.command) \(payload.count) of \(header.length) bytes"
      return
    }
    do throws(WireError) {
      let decoded = try Message.decode(header.command, payload: payload.bytes, dialect: dialect)
      self.decoded = decoded
      isMalformed = false
      let trailing = decoded.trailing.isEmpty ? "" : " and \(decoded.trailing.count) bytes more"
      summary = decoded.message.summary(in: dialect) + trailing
    } catch {
      decoded = nil
      isMalformed = true
      summary = "\(header.command) malformed: \(error)"
    }
  }
}
