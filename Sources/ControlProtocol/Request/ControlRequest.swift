import BitcoinWire
import Bytes

/// A client's request to a connector, in version 2 or 3 of the control protocol.
///
/// The payload is a request id (u32) chosen by the client, then the fields listed at each case, in order,
/// big-endian. Each request gets exactly one `ControlReply` with its id. Later results arrive as
/// `ControlEvent`s with that id. A text is u16 count, UTF-8.
public enum ControlRequest: Hashable, Sendable {
  /// Type 0x10. The client's introduction: u8 lowest version, u8 highest version, text name. Optional; if
  /// sent, the first request.
  case hello(versions: ClosedRange<UInt8>, client: String)

  /// Type 0x11. Registers a message to send later, until the client disconnects: a whole Bitcoin message,
  /// header and payload, up to the frame's end.
  case registerMessage([UInt8])

  /// Type 0x12. Lists the client's registered messages: no fields.
  case listMessages

  /// Type 0x13. Forgets a registered message: u32 message id.
  case forgetMessage(UInt32)

  /// Type 0x14. Connects to nodes: u32 count, each as `ConnectTarget`.
  case connect([ConnectTarget])

  /// Type 0x15. Closes connections: a `ControlTarget`.
  case disconnect(ControlTarget)

  /// Type 0x16. Sends a message: the fields of `SendRequest`.
  case send(SendRequest)

  /// Type 0x17. Lists a target's connections with ids above `after`, ascending by id: u32 after (0: from the
  /// first), u32 limit (0: the connector's; a page may always be shorter), target (optional, default all;
  /// without a sample).
  case listConnections(after: UInt32, limit: UInt32, of: ControlTarget = .all)

  /// Type 0x18. Returns `ConnectorStatistics`: no fields.
  case statistics

  /// Type 0x19. Reads the configuration again: no fields.
  case reload

  /// Type 0x1a. Shuts the connector down in order: no fields.
  case shutDown

  /// The type's number on the wire.
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

  /// The request's name in sentences, such as `list connections`.
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

  /// Encodes the whole frame.
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
