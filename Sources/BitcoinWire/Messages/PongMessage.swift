import Bytes
import JSON

/// `pong`: answers `ping` (BIP31). 8 bytes.
public struct PongMessage: MessagePayload {
  /// The nonce of the `ping`, little-endian.
  public var nonce: UInt64

  /// Creates a message with this nonce.
  public init(nonce: UInt64) { self.nonce = nonce }

  /// Reads the nonce.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    nonce = try reader.little(UInt64.self, "nonce")
  }

  /// Appends the nonce.
  public func append(to bytes: inout [UInt8]) { bytes.appendLittle(nonce) }

  /// Writes the nonce.
  public func write(to json: inout JSONWriter) { json.member("nonce", fixedHexadecimal: nonce) }
}
