import Bytes
import JSON

/// `alert`: a warning signed by the developers, sent until Bitcoin Core 0.13.0 and understood by nobody since.
///
/// The content and its signature, each a CompactSize length and bytes.
public struct AlertMessage: MessagePayload {
  /// What was signed: an `Alert` on the wire, where its sender was honest.
  public var content: [UInt8]

  /// The signature (ECDSA, DER); not checked.
  public var signature: [UInt8]

  /// Creates a message of these fields.
  public init(content: [UInt8], signature: [UInt8]) {
    self.content = content
    self.signature = signature
  }

  /// Reads the two; what is in the content is not looked at.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    content = try reader.counted("alert content", maximum: .maximumSize)
    signature = try reader.counted("alert signature", maximum: .maximumSize)
  }

  /// Appends the two.
  public func append(to bytes: inout [UInt8]) {
    bytes.appendCounted(content)
    bytes.appendCounted(signature)
  }

  /// Writes the two, and what the content says.
  public func write(to json: inout JSONWriter, in dialect: Dialect) {
    json.hexadecimal("content", content)
    json.hexadecimal("signature", signature)
    if let alert { json.object("alert") { alert.write(to: &$0) } }
  }

  /// Takes the fields; what the content says follows from it.
  public init(fields: inout FieldReader) throws(FieldError) {
    fields.skip("alert")
    self.init(content: try fields.bytes("content"), signature: try fields.bytes("signature", default: []))
  }

  /// The text that users were to see.
  public func summary(in dialect: Dialect) -> String {
    alert.map { "\($0.id) \(EscapedText.utf8($0.status))" } ?? "\(content.count) bytes"
  }

  /// What a person may write of it.
  public static let fields: [MessageField] = [.required("content"), .optional("signature")]

  /// For tests and fuzzing.
  public static let samples = [AlertMessage(content: [1, 2, 3], signature: [0x30])]

  /// What the content says; nil where it is not an alert.
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
