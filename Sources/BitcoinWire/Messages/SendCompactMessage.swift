import Bytes
import JSON

/// `sendcmpct`: offers compact blocks (BIP152). 9 bytes: announce, 1; version, 8 little-endian.
public struct SendCompactMessage: MessagePayload {
  /// Whether the sender wants new blocks announced by `cmpctblock` (high-bandwidth mode).
  public var announce: Bool

  /// Version of the compact block format: 1, or 2 with witnesses.
  public var version: UInt64

  /// Creates a message from its fields.
  public init(announce: Bool, version: UInt64) {
    self.announce = announce
    self.version = version
  }

  /// Reads the fields. Like Bitcoin Core, it refuses an `announce` other than 0 and 1.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    let offset = reader.offset
    let announce = try reader.little(UInt8.self, "announce")
    guard announce <= 1 else {
      throw WireError(.limit(value: UInt64(announce), maximum: 1), field: "announce", offset: offset)
    }
    self.announce = announce == 1
    version = try reader.little(UInt64.self, "compact block version")
  }

  /// Appends the fields.
  public func append(to bytes: inout [UInt8]) {
    bytes.append(announce ? 1 : 0)
    bytes.appendLittle(version)
  }

  /// Writes every field.
  public func write(to json: inout JSONWriter, in dialect: Dialect) {
    json.member("announce", announce)
    json.member("version", version)
  }

  /// Makes the message from its fields: `announce` (false), `version` (2).
  public init(fields: inout FieldReader) throws(FieldError) {
    self.init(
      announce: try fields.bool("announce") ?? false,
      version: try fields.integer("version", default: 2)
    )
  }

  /// The version, and `announce` if it is set.
  public func summary(in dialect: Dialect) -> String {
    "version \(version)\(announce ? " announce" : "")"
  }

  /// The fields that a user may write.
  public static let fields: [MessageField] = [.optional("announce"), .optional("version")]

  /// Messages for tests, and seeds for fuzzing.
  public static let samples = [SendCompactMessage(announce: true, version: 2)]
}

extension Command {
  /// Offers or requests compact blocks (BIP152).
  public static let sendcmpct: Command = "sendcmpct"
}

extension MessageKind {
  /// `sendcmpct`.
  static let sendcmpct = MessageKind(.sendcmpct, Message.sendcmpct, bips: [152], since: 70014)
}
