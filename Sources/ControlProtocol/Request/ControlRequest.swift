import BitcoinWire
import Bytes

/// What a client asks of a connector, in version 2 of the control protocol.
///
/// A request's payload is u32 request id, chosen by the client, then the fields its case lists, in their
/// order, big-endian. Each gets exactly one `ControlReply` with its id; what happens later arrives as
/// `ControlEvent`s with that id. A text is u16 count, UTF-8.
public enum ControlRequest: Hashable, Sendable {
  /// Type 0x10. Who is there and which versions it speaks: u8 lowest, u8 highest, text name. The first
  /// request of a client that cares.
  case hello(versions: ClosedRange<UInt8>, client: String)

  /// Type 0x11. Keeps a message to be sent later, until the client leaves: a whole Bitcoin message, header
  /// and payload, to the frame's end.
  case registerMessage([UInt8])

  /// Type 0x12. The messages this client has registered: no fields.
  case listMessages

  /// Type 0x13. Forgets a registered message: u32 message id.
  case forgetMessage(UInt32)

  /// Type 0x14. Connects to nodes: u32 count, each target.
  case connect([ConnectTarget])

  /// Type 0x15. Closes connections: target.
  case disconnect(ControlTarget)

  /// Type 0x16. Sends a message: as in `SendRequest`.
  case send(SendRequest)

  /// Type 0x17. The connections of a target with ids above `after`, in the order of their ids: u32 after (0: from
  /// the first), u32 limit (0: as many as the connector likes; it may always give fewer), target (left out: all;
  /// without a draw).
  case listConnections(after: UInt32, limit: UInt32, of: ControlTarget = .all)

  /// Type 0x18. How the connector is doing: no fields.
  case statistics

  /// Type 0x19. Reads the configuration again: no fields.
  case reload

  /// Type 0x1a. Ends the connector in order: no fields.
  case shutDown

  /// The number of the type.
  public var type: UInt8 {
    switch self {
    case .hello: 0x10
    case .registerMessage: 0x11
    case .listMessages: 0x12
    case .forgetMessage: 0x13
    case .connect: 0x14
    case .disconnect: 0x15
    case .send: 0x16
    case .listConnections: 0x17
    case .statistics: 0x18
    case .reload: 0x19
    case .shutDown: 0x1a
    }
  }

  /// What it is called in sentences: `list connections`.
  public var name: String {
    switch self {
    case .hello: "hello"
    case .registerMessage: "register message"
    case .listMessages: "list messages"
    case .forgetMessage: "forget message"
    case .connect: "connect"
    case .disconnect: "disconnect"
    case .send: "send"
    case .listConnections: "list connections"
    case .statistics: "statistics"
    case .reload: "reload"
    case .shutDown: "shut down"
    }
  }

  /// The bytes of the whole frame.
  public func frame(id: UInt32, version: UInt8 = ControlFrame.currentVersion) -> [UInt8] {
    ControlFrame.bytes(version: version, type: type, id: id) { write(to: &$0) }
  }

  private func write(to bytes: inout [UInt8]) {
    switch self {
    case .hello(let versions, let client):
      bytes += [versions.lowerBound, versions.upperBound]
      bytes.appendText(client)
    case .registerMessage(let message): bytes += message
    case .forgetMessage(let identifier): bytes.appendBig(identifier)
    case .connect(let targets):
      bytes.appendBig(UInt32(targets.count))
      for target in targets { target.write(to: &bytes) }
    case .disconnect(let target): target.write(to: &bytes)
    case .send(let request): request.write(to: &bytes)
    case .listConnections(let after, let limit, let target):
      bytes.appendBig(after)
      bytes.appendBig(limit)
      if target != .all { target.write(to: &bytes) }
    case .listMessages, .statistics, .reload, .shutDown: break
    }
  }
}
