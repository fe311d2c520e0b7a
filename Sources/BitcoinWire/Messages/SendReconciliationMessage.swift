import Bytes
import JSON

/// `sendtxrcncl`: offers to announce transactions by set reconciliation (BIP330). 12 bytes: version, 4; salt,
/// 8. Integers are little-endian.
public struct SendReconciliationMessage: MessagePayload {
  /// Highest version of reconciliation that the sender speaks; Bitcoin Core knows 1.
  public var version: UInt32

  /// The sender's part of what makes short ids differ from connection to connection.
  public var salt: UInt64

  /// Creates a message of these fields.
  public init(version: UInt32, salt: UInt64) {
    self.version = version
    self.salt = salt
  }

  /// Reads the fields.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    version = try reader.little(UInt32.self, "reconciliation version")
    salt = try reader.little(UInt64.self, "salt")
  }

  /// Appends the fields.
  public func append(to bytes: inout [UInt8]) {
    bytes.appendLittle(version)
    bytes.appendLittle(salt)
  }

  /// Writes every field.
  public func write(to json: inout JSONWriter) {
    json.member("version", version)
    json.member("salt", fixedHexadecimal: salt)
  }
}
