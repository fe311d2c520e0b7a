import Bytes
import JSON

extension Message {
  /// Makes a message of its fields, named as `write(to:in:)` names them: the reverse of that.
  ///
  /// What follows from other fields (names of services, hashes of what is there) is passed over. Fields may be texts,
  /// as on a command line: lists with commas between their elements, nodes as `address:port`, inventory as
  /// `type:hash`. Fields that usually say the same may be left out (docs/wire.md).
  ///
  /// - Parameter dialect: what the network calls its inventory types.
  /// - Throws: what is wrong with a field, is missing, or is no field of such a message; of a command that is not
  ///   decoded, that it has no fields besides `payload`.
  public init(
    _ command: Command,
    fields: [String: JSONValue] = [:],
    in dialect: Dialect = .bitcoin
  ) throws(FieldError) {
    var reader = FieldReader(fields, in: dialect)
    if let entry = Self.entry(of: command), !dialect.opaqueCommands.contains(command) {
      self = try entry.make(&reader)
    } else {
      self = .unknown(command: command, payload: try reader.bytes("payload", default: []))
    }
    try reader.finish()
  }
}
