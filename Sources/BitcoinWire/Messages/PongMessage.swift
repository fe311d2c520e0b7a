import Bytes
import JSON

/// `pong`: answers `ping` (BIP31). 8 bytes.
public struct PongMessage: MessagePayload {
  /// The nonce of the `ping`; little-endian on the wire.
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
  public func write(to json: inout JSONWriter, in dialect: Dialect) {
    json.member("nonce", fixedHexadecimal: nonce)
  }

  /// Makes the message from its field.
  public init(fields: inout FieldReader) throws(FieldError) {
    guard let nonce: UInt64 = try fields.fixed("nonce") else { throw fields.error("nonce", "is missing") }
    self.nonce = nonce
  }

  /// The nonce, abbreviated.
  public func summary(in dialect: Dialect) -> String {
    Self.abbreviation(of: nonce)
  }

  /// The first two bytes of a nonce in hexadecimal, and an ellipsis.
  static func abbreviation(of nonce: UInt64) -> String {
    var bytes: [UInt8] = []
    bytes.appendBig(nonce)
    return Hexadecimal.text(bytes.prefix(2)) + "…"
  }

  /// The fields that a user may write.
  public static let fields: [MessageField] = [.required("nonce")]

  /// Messages for tests, and seeds for fuzzing.
  public static let samples = [PongMessage(nonce: 0x8f3c_0000_0000_0001)]
}

extension Command {
  /// Answers `ping` (BIP31).
  public static let pong: Command = "pong"
}

extension MessageKind {
  /// `pong`.
  static let pong = MessageKind(.pong, Message.pong, bips: [31], since: 60001)
}
