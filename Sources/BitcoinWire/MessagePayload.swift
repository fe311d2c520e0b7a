import Bytes
import JSON

/// A value of the protocol with exactly one encoding.
///
/// Decoding refuses the same payloads as Bitcoin Core: truncated fields, counts above the protocol's limits,
/// lengths not in their shortest form. Bytes after the last field are left for the caller.
public protocol WireValue: Hashable, Sendable {
  /// Decodes the fields.
  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader) throws(WireError)

  /// Appends the fields in wire format.
  func append(to bytes: inout [UInt8])
}

extension WireValue {
  /// The fields in wire format.
  public var bytes: [UInt8] {
    var result: [UInt8] = []
    append(to: &result)
    return result
  }

  /// Decodes the fields at the start of `bytes`; ignores the bytes after them.
  public init(_ bytes: RawSpan) throws(WireError) {
    var reader = ByteReader(bytes)
    try self.init(from: &reader)
  }
}

/// The typed fields of a message's payload, and their forms for display.
///
/// Each message has its own file in `Messages`, and a line in `MessageKind.all` (docs/extending.md).
public protocol MessagePayload: WireValue {
  /// The fields that `init(fields:)` reads and `write(to:in:)` writes, for help. Members that follow from
  /// others may be omitted.
  static var fields: [MessageField] { get }

  /// Messages for tests, and seeds for fuzzing: at least one, and one of each shape.
  static var samples: [Self] { get }

  /// Makes the payload from its fields, with the names that `write(to:in:)` uses.
  init(fields: inout FieldReader) throws(FieldError)

  /// Writes every field as a member of a JSON object, in the forms of `docs/wire.md`.
  ///
  /// - Parameter dialect: the names of services and inventory types in the message's network.
  func write(to json: inout JSONWriter, in dialect: Dialect)

  /// A short text that follows the command on one line: safe to print, not complete, perhaps empty.
  func summary(in dialect: Dialect) -> String

  /// The summary of an encoded payload. Decodes the payload, unless the message has a cheaper way.
  static func summary(of payload: RawSpan, in dialect: Dialect) throws(WireError) -> String
}

extension MessagePayload {
  /// Decodes the payload and counts the bytes after its last field.
  public static func summary(of payload: RawSpan, in dialect: Dialect) throws(WireError) -> String {
    var reader = ByteReader(payload)
    let text = try Self(from: &reader).summary(in: dialect)
    guard reader.remaining > 0 else { return text }
    return (text.isEmpty ? "" : text + " ") + "and \(reader.remaining) bytes left over"
  }
}
