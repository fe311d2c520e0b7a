import BitcoinWire
import Bytes
import LogProtocol

/// What a record with a Bitcoin message holds, as far as it can be read.
struct MessageText {
  /// The message's header; nil where the record has less than one.
  let header: MessageHeader?
  /// Bytes of the payload that the record has.
  let payloadCount: Int
  /// Whether the checksum is right; nil where that cannot be told.
  let isChecksumRight: Bool?
  /// The message in a few words, safe to print.
  let summary: String
  /// The message and what followed it; nil where it could not be decoded.
  let decoded: DecodedMessage?
  /// What the message's network calls things.
  let dialect: Dialect
  /// Whether the payload could not be decoded.
  let isMalformed: Bool

  /// Reads a record's body.
  init(_ record: RecordHeader, _ body: UnsafeRawBufferPointer) {
    guard let header = MessageHeader(peeking: body.bytes) else {
      self.header = nil
      dialect = .bitcoin
      decoded = nil
      payloadCount = 0
      isChecksumRight = nil
      isMalformed = true
      summary = "malformed: \(body.count) bytes are less than a message header"
      return
    }
    let payload = UnsafeRawBufferPointer(rebasing: body.dropFirst(MessageHeader.size))
    self.header = header
    dialect = Dialect(magic: header.magic)
    payloadCount = payload.count
    let isCut = record.flags.contains(.truncated) || payload.count != Int(header.length)
    isChecksumRight =
      record.flags.contains(.wrongChecksum)
      ? false : isCut ? nil : Hash256.checksum(payload.bytes) == header.checksum
    if isCut {
      decoded = nil
      isMalformed = payload.count != Int(header.length) && !record.flags.contains(.truncated)
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
