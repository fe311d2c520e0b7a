/// Extra messages that nodes send for measurements.
public struct PaceSettings: Sendable, Equatable {
  /// A message rate.
  public enum Rate: Sendable, Equatable {
    /// Messages per second from all nodes together, at random times.
    case perSecond(Double)
    /// As many messages as possible, in batches.
    case flood
  }

  /// The message rate.
  public var rate: Rate

  /// Size in bytes of a message, header included.
  public var size = 61

  /// Number of messages in all; nil for no limit.
  public var count: Int?

  /// Creates settings with messages of 61 bytes and no limit.
  public init(_ rate: Rate) { self.rate = rate }
}
