import Bytes
import JSON

/// `sendcmpct`: offers compact blocks (BIP152). 9 bytes: announce, 1; version, 8 little-endian.
public struct SendCompactMessage: MessagePayload {
  /// Whether new blocks are to be announced by `cmpctblock` (high-bandwidth mode).
  public var announce: Bool

  /// Version of the compact block format: 1, or 2 with witnesses.
  public var version: UInt64

  /// Creates a message of these fields.
  public init(announce: Bool, version: UInt64) {
    self.announce = announce
    self.version = version
  }

  /// Reads the fields. As Bitcoin Core does, it refuses to take more than 1 for true.
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

  /// Takes the fields: `announce` (false), `version` (2).
  public init(fields: inout FieldReader) throws(FieldError) {
    self.init(
      announce: try fields.bool("announce") ?? false,
      version: try fields.integer("version", default: 2)
    )
  }

  /// The version, and whether it asks for announcements.
  public func summary(in dialect: Dialect) -> String {
    "version \(version)\(announce ? " announce" : "")"
  }

  /// What a person may write of it.
  public static let fields: [MessageField] = [.optional("announce"), .optional("version")]

  /// For tests and fuzzing.
  public static let samples = [SendCompactMessage(announce: true, version: 2)]
}

extension Command {
  /// Offers or asks for compact blocks (BIP152).
  public static let sendcmpct: Command = "sendcmpct"
}

extension MessageKind {
  /// `sendcmpct`.
  static let sendcmpct = MessageKind(.sendcmpct, Message.sendcmpct, bips: [152], since: 70014)
}
