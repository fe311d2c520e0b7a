import Bytes
import JSON

/// `ping`: checks that the other side is alive. 8 bytes, or none before BIP31.
public struct PingMessage: MessagePayload {
  /// The number that `pong` must repeat, little-endian on the wire; nil in the old form, which has no answer.
  public var nonce: UInt64?

  /// Creates a message with this nonce.
  public init(nonce: UInt64?) { self.nonce = nonce }

  /// Reads the nonce if there are any bytes.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    nonce = reader.remaining == 0 ? nil : try reader.little(UInt64.self, "nonce")
  }

  /// Appends the nonce if there is one.
  public func append(to bytes: inout [UInt8]) {
    if let nonce { bytes.appendLittle(nonce) }
  }

  /// Writes the nonce.
  public func write(to json: inout JSONWriter, in dialect: Dialect) {
    json.member("nonce", fixedHexadecimal: nonce)
  }

  /// Makes the message from the field `nonce`; without it, in the old form.
  public init(fields: inout FieldReader) throws(FieldError) { nonce = try fields.fixed("nonce") }

  /// The nonce, abbreviated.
  public func summary(in dialect: Dialect) -> String {
    nonce.map(PongMessage.abbreviation) ?? ""
  }

  /// The fields that a user may write.
  public static let fields: [MessageField] = [.optional("nonce")]

  /// Messages for tests, and seeds for fuzzing.
  public static let samples = [PingMessage(nonce: 0x8f3c_0000_0000_0001), PingMessage(nonce: nil)]
}

extension Command {
  /// Checks that the other side is alive.
  public static let ping: Command = "ping"
}

extension MessageKind {
  /// `ping`.
  static let ping = MessageKind(.ping, Message.ping, bips: [31])
}
