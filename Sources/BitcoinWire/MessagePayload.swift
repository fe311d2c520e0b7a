import Bytes
import JSON

/// What a message carries after its header, as typed fields.
///
/// Reading refuses what Bitcoin Core refuses: fields cut short, counts above the protocol's limits,
/// lengths written longer than necessary. Bytes after the last field are left for the caller.
public protocol MessagePayload: Hashable, Sendable {
  /// Reads the fields.
  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader) throws(WireError)

  /// Appends the fields as they are on the wire.
  func append(to bytes: inout [UInt8])

  /// Writes all fields as members of a JSON object, `docs/wire.md` says how: nothing is left out.
  func write(to json: inout JSONWriter)
}

extension MessagePayload {
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
