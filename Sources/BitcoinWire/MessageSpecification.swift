/// What is said of a kind of message: what defines it, since when there is it, how much it may hold.
public struct MessageSpecification: Hashable, Sendable {
  /// The most that Bitcoin Core lets a field say or hold; whoever exceeds it is refused.
  ///
  /// Besides, no count exceeds what the payload can hold, none 32 MiB, and no payload 4,000,000 bytes.
  public struct Limit: Hashable, Sendable {
    /// The field, as `WireError` names it; "blocks" where the range of blocks is meant that is asked for, of which
    /// only who knows the chain can tell how many they are.
    public var field: String

    /// The largest number, or count of elements, or length in bytes.
    public var maximum: Int

    /// Joins a field and its limit.
    public init(field: String, maximum: Int) {
      self.field = field
      self.maximum = maximum
    }
  }

  /// The command of the message.
  public let command: Command

  /// Numbers of the Bitcoin Improvement Proposals that define it, or restrict whom it may be sent to; none where it
  /// is older than proposals are.
  public let bips: [Int]

  /// The protocol version from which peers understand it; nil where all do, or where versions do not tell.
  public let since: Int32?

  /// What a peer must offer to be sent it; none where nothing is asked for.
  public let service: ServiceFlags

  /// The version of Bitcoin Core that ceased to understand it; nil where it is understood.
  public let removed: String?

  /// What limits there are besides those that hold of every message.
  public let limits: [Limit]
}

extension Message {
  /// The specifications of all commands that are decoded.
  public static let specifications: [MessageSpecification] = entries.map(\.specification)

  /// The specification of a command; nil where it is not decoded.
  public static func specification(of command: Command) -> MessageSpecification? {
    entry(of: command)?.specification
  }
}
