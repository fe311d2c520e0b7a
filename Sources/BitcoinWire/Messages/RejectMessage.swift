import Bytes
import JSON

/// `reject`: gives the reason for refusing a message (BIP61, abandoned).
///
/// The refused command, at most 12 bytes; code, 1; reason, at most 111 bytes; for a transaction or block, its
/// hash, 32.
public struct RejectMessage: MessagePayload {
  /// The longest reason in bytes (`MAX_REJECT_MESSAGE_LENGTH`).
  public static let maximumReason = 111

  /// Command of the refused message; any bytes.
  public var command: [UInt8]

  /// The kind of reason: 0x01 malformed, 0x10 invalid, 0x11 obsolete, 0x12 duplicate, 0x40 nonstandard, 0x41
  /// dust, 0x42 insufficient fee, 0x43 checkpoint.
  public var code: UInt8

  /// The reason in words; any bytes.
  public var reason: [UInt8]

  /// The refused transaction or block; nil for another message.
  public var hash: Hash256?

  /// Creates a message from its fields.
  public init(command: [UInt8], code: UInt8, reason: [UInt8], hash: Hash256? = nil) {
    self.command = command
    self.code = code
    self.reason = reason
    self.hash = hash
  }

  /// Reads the fields, and the hash if at least 32 bytes remain.
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

  /// Makes the message from its fields; all but `code` may be omitted.
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

  /// The fields that a user may write.
  public static let fields: [MessageField] = [
    .required("code"), .optional("command"), .optional("reason"), .optional("hash"),
  ]

  /// Messages for tests, and seeds for fuzzing.
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
  /// Gives the reason for a rejection (BIP61, abandoned).
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
