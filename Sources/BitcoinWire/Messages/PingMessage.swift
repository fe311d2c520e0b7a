import Bytes
import JSON

/// `ping`: asks whether the other side is alive. 8 bytes, or none before BIP31.
public struct PingMessage: MessagePayload {
  /// What `pong` is to repeat, little-endian; nil in the old form, which has no answer.
  public var nonce: UInt64?

  /// Creates a message with this nonce.
  public init(nonce: UInt64?) { self.nonce = nonce }

  /// Reads the nonce, if there are any bytes.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    nonce = reader.remaining == 0 ? nil : try reader.little(UInt64.self, "nonce")
  }

  /// Appends the nonce, if there is one.
  public func append(to bytes: inout [UInt8]) {
    if let nonce { bytes.appendLittle(nonce) }
  }

  /// Writes the nonce.
  public func write(to json: inout JSONWriter) { json.member("nonce", fixedHexadecimal: nonce) }
}
