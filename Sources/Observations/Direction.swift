/// The end that opened a connection.
public enum Direction: UInt8, Hashable, Sendable, CustomStringConvertible {
  /// We dialled the peer.
  case outbound = 0
  /// The peer dialled us.
  case inbound = 1

  /// `outbound` or `inbound`.
  public var description: String { self == .outbound ? "outbound" : "inbound" }
}
