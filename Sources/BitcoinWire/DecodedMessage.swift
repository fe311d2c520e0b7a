/// A decoded message and the bytes after its last field.
public struct DecodedMessage: Hashable, Sendable {
  /// The decoded message.
  public var message: Message

  /// The bytes after the last field. Bitcoin Core ignores them; an observer keeps them.
  public var trailing: [UInt8]

  /// Joins a message and the bytes after its last field.
  public init(_ message: Message, trailing: [UInt8] = []) {
    self.message = message
    self.trailing = trailing
  }
}
