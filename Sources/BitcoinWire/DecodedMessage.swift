/// A message and the bytes that its payload had after the last field.
public struct DecodedMessage: Hashable, Sendable {
  /// The message.
  public var message: Message

  /// What followed the last field; Bitcoin Core ignores it, an observer does not.
  public var trailing: [UInt8]

  /// Joins a message and what followed it.
  public init(_ message: Message, trailing: [UInt8] = []) {
    self.message = message
    self.trailing = trailing
  }
}
