import Bytes
import JSON

/// `alert`: a warning signed by the developers. Sent until Bitcoin Core 0.13.0; unsupported since.
///
/// The content and its signature, each a CompactSize length and bytes.
public struct AlertMessage: MessagePayload {
  /// The signed bytes: an encoded `Alert`, if the sender is honest.
  public var content: [UInt8]

  /// The signature (ECDSA, DER); not checked.
  public var signature: [UInt8]

  /// Creates a message from its fields.
  public init(content: [UInt8], signature: [UInt8]) {
    self.content = content
    self.signature = signature
  }

  /// Reads both fields without decoding the content.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    content = try reader.counted("alert content", maximum: .maximumSize)
    signature = try reader.counted("alert signature", maximum: .maximumSize)
  }

  /// Appends both fields.
  public func append(to bytes: inout [UInt8]) {
    bytes.appendCounted(content)
    bytes.appendCounted(signature)
  }

  /// Writes both fields and the decoded content.
  public func write(to json: inout JSONWriter, in dialect: Dialect) {
    json.hexadecimal("content", content)
    json.hexadecimal("signature", signature)
    if let alert { json.object("alert") { alert.write(to: &$0) } }
  }

  /// Makes the message from its fields; ignores `alert`, which follows from the content.
  public init(fields: inout FieldReader) throws(FieldError) {
    fields.skip("alert")
    self.init(content: try fields.bytes("content"), signature: try fields.bytes("signature", default: []))
  }

  /// The number and the status text of the alert, or the length of the content if it is not an alert.
  public func summary(in dialect: Dialect) -> String {
    alert.map { "\($0.id) \(EscapedText.utf8($0.status))" } ?? "\(content.count) bytes"
  }

  /// The fields that a user may write.
  public static let fields: [MessageField] = [.required("content"), .optional("signature")]

  /// Messages for tests, and seeds for fuzzing.
  public static let samples = [AlertMessage(content: [1, 2, 3], signature: [0x30])]

  /// The decoded content; nil if it is not an `Alert`.
  public var alert: Alert? { try? Alert(content.span.bytes) }
}

extension Command {
  /// Carries a signed warning (abandoned).
  public static let alert: Command = "alert"
}

extension MessageKind {
  /// `alert`.
  static let alert = MessageKind(.alert, Message.alert, since: 311, removed: "0.13.0")
}
