/// Messages that nodes send beside what the network's life causes, for measuring.
public struct PaceSettings: Sendable, Equatable {
  /// How fast.
  public enum Rate: Sendable, Equatable {
    /// So many messages per second from all nodes together, at random times.
    case perSecond(Double)
    /// As many as go, in batches.
    case flood
  }

  /// How fast.
  public var rate: Rate

  /// Bytes of a message, header included.
  public var size = 61

  /// How many are sent in all; nil for no end.
  public var count: Int?

  /// Creates settings of messages of the usual size.
  public init(_ rate: Rate) { self.rate = rate }
}
