import Bytes
import JSON

/// `reject`: says why a message was refused (BIP61, abandoned).
///
/// The refused command, at most 12 bytes; code, 1; reason, at most 111 bytes; and for a transaction or
/// block its hash, 32.
public struct RejectMessage: MessagePayload {
  /// The longest reason in bytes (`MAX_REJECT_MESSAGE_LENGTH`).
  public static let maximumReason = 111

  /// Command of the message that was refused; any bytes.
  public var command: [UInt8]

  /// What kind of reason: 0x01 malformed, 0x10 invalid, 0x11 obsolete, 0x12 duplicate, 0x40 nonstandard,
  /// 0x41 dust, 0x42 insufficient fee, 0x43 checkpoint.
  public var code: UInt8

  /// The reason in words; any bytes.
  public var reason: [UInt8]

  /// The transaction or block; nil where another message was refused.
  public var hash: Hash256?

  /// Creates a message of these fields.
  public init(command: [UInt8], code: UInt8, reason: [UInt8], hash: Hash256? = nil) {
    self.command = command
    self.code = code
    self.reason = reason
    self.hash = hash
  }

  /// Reads the fields, the hash where 32 bytes are left.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    command = try reader.counted("rejected command", maximum: Command.size)
    code = try reader.little(UInt8.self, "rejection code")
    reason = try reader.counted("rejection reason", maximum: Self.maximumReason)
    hash = reader.remaining >= 32 ? try reader.hash("rejected hash") : nil
  }

  /// Appends the fields.
  public func append(to bytes: inout [UInt8]) {
    bytes.appendCounted(command)
    bytes.append(code)
    bytes.appendCounted(reason)
    if let hash { bytes.append(hash) }
  }

  /// Writes every field.
  public func write(to json: inout JSONWriter, in dialect: Dialect) {
    json.member("command", EscapedText.utf8(command))
    json.member("code", code)
    json.member("reason", EscapedText.utf8(reason))
    json.member("hash", hash)
  }

  /// Takes the fields; the hash may be left out.
  public init(fields: inout FieldReader) throws(FieldError) {
    self.init(
      command: try fields.escaped("command") ?? [],
      code: try fields.integer("code"),
      reason: try fields.escaped("reason") ?? [],
      hash: try fields.hash("hash")
    )
  }

  /// The refused message and the reason.
  public func summary(in dialect: Dialect) -> String {
    "\(EscapedText.utf8(command)) 0x\(Hexadecimal.text([code])) \(EscapedText.utf8(reason))"
      + (hash.map { " \($0)" } ?? "")
  }

  /// What a person may write of it.
  public static let fields: [MessageField] = [
    .required("code"), .optional("command"), .optional("reason"), .optional("hash"),
  ]

  /// For tests and fuzzing.
  public static let samples = [
    RejectMessage(
      command: Array("tx".utf8),
      code: 0x42,
      reason: Array("fee".utf8),
      hash: Transaction.samples[0].txid
    ),
    RejectMessage(command: Array("version".utf8), code: 0x11, reason: []),
  ]
}

extension Command {
  /// Says why something was refused (BIP61, abandoned).
  public static let reject: Command = "reject"
}

extension MessageKind {
  /// `reject`.
  static let reject = MessageKind(
    .reject,
    Message.reject,
    bips: [61],
    since: 70002,
    removed: "0.20.0",
    limits: [("rejected command", Command.size), ("rejection reason", RejectMessage.maximumReason)]
  )
}
