/// A decoded message without a case in `Message`, because no program here needs to distinguish it.
public struct OtherMessage: Hashable, Sendable {
  /// The command of its header.
  public let command: Command

  /// The decoded payload.
  public let payload: any MessagePayload

  /// Joins a command and a payload.
  public init(_ command: Command, _ payload: some MessagePayload) {
    self.command = command
    self.payload = payload
  }

  /// Whether both have the same command and equal payloads.
  public static func == (left: OtherMessage, right: OtherMessage) -> Bool {
    func isEqual<Payload: MessagePayload>(_ payload: Payload) -> Bool {
      payload == right.payload as? Payload
    }
    return left.command == right.command && isEqual(left.payload)
  }

  /// Hashes the command and the payload.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(command)
    hasher.combine(payload)
  }
}
