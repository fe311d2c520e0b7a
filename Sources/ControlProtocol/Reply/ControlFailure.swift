/// Why a request was not done.
///
/// Layout in a failed reply: u16 status, text sentence.
public struct ControlFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// What sort of reason it is, for programs; unknown numbers are kept. 0 would be success.
  public struct Status: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt16

    /// Takes the number on the wire.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The frame's payload is not what its type says.
    public static let badRequest = Status(rawValue: 1)
    /// No request has the frame's type.
    public static let unknownRequest = Status(rawValue: 2)
    /// Client and connector have no version of the protocol in common, or the frame is of no known version.
    public static let unsupportedVersion = Status(rawValue: 3)
    /// None of the connections exists.
    public static let noSuchConnection = Status(rawValue: 4)
    /// No message is registered under the id.
    public static let noSuchMessage = Status(rawValue: 5)
    /// The client may not, or the connector will not.
    public static let refused = Status(rawValue: 6)
    /// A limit on what one client, or all, may have is reached.
    public static let limit = Status(rawValue: 7)
    /// The connector is about to end.
    public static let shuttingDown = Status(rawValue: 8)
    /// The request is known, and this connector cannot do it.
    public static let unsupported = Status(rawValue: 9)
    /// The connector tried and failed.
    public static let failed = Status(rawValue: 10)
    /// The bytes to send or keep are not one whole message of the network.
    public static let badMessage = Status(rawValue: 11)
  }

  /// What sort of reason it is.
  public var status: Status

  /// What was wrong and, where there is one, the way out; a sentence for people.
  public var sentence: String

  /// Creates a failure.
  public init(_ status: Status, _ sentence: String) {
    self.status = status
    self.sentence = sentence
  }

  /// The sentence.
  public var description: String { sentence }
}
