import Bytes
import JSON

/// `sendtxrcncl`: offers to announce transactions by set reconciliation (BIP330). 12 bytes: version, 4; salt,
/// 8. Integers are little-endian.
public struct SendReconciliationMessage: MessagePayload {
  /// Highest reconciliation version that the sender supports; Bitcoin Core knows 1.
  public var version: UInt32

  /// The sender's half of the salt. Both halves make the short ids differ between connections.
  public var salt: UInt64

  /// Creates a message from its fields.
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
  public func write(to json: inout JSONWriter, in dialect: Dialect) {
    json.member("version", version)
    json.member("salt", fixedHexadecimal: salt)
  }

  /// Makes the message from its fields: `version` (1), `salt` (0).
  public init(fields: inout FieldReader) throws(FieldError) {
    self.init(version: try fields.integer("version", default: 1), salt: try fields.fixed("salt") ?? 0)
  }

  /// The version.
  public func summary(in dialect: Dialect) -> String {
    "version \(version)"
  }

  /// The fields that a user may write.
  public static let fields: [MessageField] = [.optional("version"), .optional("salt")]

  /// Messages for tests, and seeds for fuzzing.
  public static let samples = [SendReconciliationMessage(version: 1, salt: 0x0102_0304_0506_0708)]
}

extension Command {
  /// Offers transaction reconciliation (BIP330).
  public static let sendtxrcncl: Command = "sendtxrcncl"
}

extension MessageKind {
  /// `sendtxrcncl`.
  static let sendtxrcncl = MessageKind(.sendtxrcncl, Message.sendtxrcncl, bips: [330], since: 70016)
}
