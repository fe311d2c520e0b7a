import Bytes
import JSON

/// A part of the protocol that has one form in bytes.
///
/// Reading refuses what Bitcoin Core refuses: fields cut short, counts above the protocol's limits,
/// lengths written longer than necessary. Bytes after the last field are left for the caller.
public protocol WireValue: Hashable, Sendable {
  /// Reads the fields.
  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader) throws(WireError)

  /// Appends the fields as they are on the wire.
  func append(to bytes: inout [UInt8])
}

extension WireValue {
  /// The fields as they are on the wire.
  public var bytes: [UInt8] {
    var result: [UInt8] = []
    append(to: &result)
    return result
  }

  /// Reads the fields at the start of `bytes`; whatever follows them is not looked at.
  public init(_ bytes: RawSpan) throws(WireError) {
    var reader = ByteReader(bytes)
    try self.init(from: &reader)
  }
}

/// What a message carries after its header, as typed fields, and everything that is shown of it.
///
/// Each message has a file of its own in `Messages`, and a line in `MessageKind.all` (docs/extending.md).
public protocol MessagePayload: WireValue {
  /// The fields that `init(fields:)` takes and `write(to:in:)` writes, for help. Members that follow from others may
  /// be left out.
  static var fields: [MessageField] { get }

  /// Messages for tests and for fuzzing to begin with: one at least, and one of each shape.
  static var samples: [Self] { get }

  /// Makes the payload of fields that are named as `write(to:in:)` names them.
  init(fields: inout FieldReader) throws(FieldError)

  /// Writes every field as a member of a JSON object; `docs/wire.md` says how.
  ///
  /// - Parameter dialect: what the message's network calls services and inventory types.
  func write(to json: inout JSONWriter, in dialect: Dialect)

  /// The payload in a few words that follow the command on one line: safe to print, not complete, perhaps empty.
  func summary(in dialect: Dialect) -> String

  /// The summary of a payload that is still bytes. Decodes it, unless a message has a cheaper way.
  static func summary(of payload: RawSpan, in dialect: Dialect) throws(WireError) -> String
}

extension MessagePayload {
  /// Decodes the payload and counts the bytes left over.
  public static func summary(of payload: RawSpan, in dialect: Dialect) throws(WireError) -> String {
    var reader = ByteReader(payload)
    let text = try Self(from: &reader).summary(in: dialect)
    guard reader.remaining > 0 else { return text }
    return (text.isEmpty ? "" : text + " ") + "and \(reader.remaining) bytes left over"
  }
}
