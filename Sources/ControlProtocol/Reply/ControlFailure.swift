/// The reason why a request failed.
///
/// Layout in a failed reply: u16 status, text sentence.
public struct ControlFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kind of failure, for programs. Unknown numbers are kept; 0 is not a failure.
  public struct Status: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt16

    /// Creates a status from the number on the wire.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The frame's payload does not fit its type.
    public static let badRequest = Status(rawValue: 1)
    /// No request has the frame's type.
    public static let unknownRequest = Status(rawValue: 2)
    /// Client and connector have no protocol version in common, or the frame's version is unknown.
    public static let unsupportedVersion = Status(rawValue: 3)
    /// None of the connections exists.
    public static let noSuchConnection = Status(rawValue: 4)
    /// No message is registered under the id.
    public static let noSuchMessage = Status(rawValue: 5)
    /// The client has no permission, or the connector declines.
    public static let refused = Status(rawValue: 6)
    /// A limit of one client or of all clients is reached.
    public static let limit = Status(rawValue: 7)
    /// The connector is shutting down.
    public static let shuttingDown = Status(rawValue: 8)
    /// The request is known, but this connector does not support it.
    public static let unsupported = Status(rawValue: 9)
    /// The connector tried and failed.
    public static let failed = Status(rawValue: 10)
    /// The bytes to send or register are not one whole message of the network.
    public static let badMessage = Status(rawValue: 11)
  }

  /// The kind of failure.
  public var status: Status

  /// The problem and, if there is one, the remedy: a sentence for people.
  public var sentence: String

  /// Creates a failure.
  public init(_ status: Status, _ sentence: String) {
    self.status = status
    self.sentence = sentence
  }

  /// The sentence.
  public var description: String { sentence }
}
