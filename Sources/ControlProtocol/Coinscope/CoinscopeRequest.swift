import BitcoinWire
import Bytes
import Observations

/// A request of version 0 of the control protocol, coinscope's (2015), byte for byte.
///
/// Surplus bytes are ignored, as in coinscope. A short request is refused; coinscope reads past its end.
public enum CoinscopeRequest: Hashable, Sendable {
  /// Type 1: register a whole Bitcoin message. The payload may be any bytes; if they are not a message of the
  /// network, the reply is id 0.
  case registerMessage([UInt8])

  /// Type 2, command 1: list the open connections.
  case getConnections

  /// Type 2, command 2: close connections.
  case disconnect(CoinscopeTarget)

  /// Type 2, command 3: send a registered message.
  case send(message: UInt32, CoinscopeTarget)

  /// Type 3, without payload: forget this client's messages and give the client another id.
  case register

  /// Type 4: connect to a peer. There is no reply. The local address has no effect.
  case connect(remote: Endpoint, local: Endpoint)

  /// Reads the payload of a frame of this type.
  ///
  /// Layout of type 2: u8 command, u32 message id, u32 count, u32 targets. Of type 4: `sockaddr_in` remote,
  /// `sockaddr_in` local.
  ///
  /// - Throws: `WireError`. The connection can still be read after it.
  public init(type: UInt8, payload: RawSpan) throws(WireError) {
    var reader = ByteReader(payload)
    switch type {
    case 1: self = .registerMessage(try reader.array(payload.byteCount, "message"))
    case 2: self = try Self.command(&reader)
    case 3: self = .register
    case 4:
      self = .connect(
        remote: try reader.socketAddress("remote address"),
        local: try reader.socketAddress("local address")
      )
    default: throw WireError(.invalid("is \(type), which version 0 does not have"), field: "type", offset: 0)
    }
  }

  /// Encodes the whole frame.
  public var frame: [UInt8] {
    var payload: [UInt8] = []
    let type: UInt8
    switch self {
    case .registerMessage(let message): (type, payload) = (1, message)
    case .getConnections: (type, payload) = (2, Self.command(1, message: 0, []))
    case .disconnect(let target): (type, payload) = (2, Self.command(2, message: 0, target.identifiers))
    case .send(let message, let target):
      (type, payload) = (2, Self.command(3, message: message, target.identifiers))
    case .register: type = 3
    case .connect(let remote, let local):
      type = 4
      payload.appendSocketAddress(remote)
      payload.appendSocketAddress(local)
    }
    return ControlFrame.bytes(version: 0, type: type, payload: payload)
  }

  @_lifetime(reader: copy reader)
  private static func command(_ reader: inout ByteReader) throws(WireError) -> CoinscopeRequest {
    let command = try reader.big(UInt8.self, "command")
    let message = try reader.big(UInt32.self, "message id")
    let target = CoinscopeTarget(try reader.identifiers("targets"))
    switch command {
    case 1: return .getConnections
    case 2: return .disconnect(target)
    case 3: return .send(message: message, target)
    default:
      throw WireError(.invalid("is \(command), which version 0 does not have"), field: "command", offset: 0)
    }
  }

  private static func command(_ command: UInt8, message: UInt32, _ targets: [UInt32]) -> [UInt8] {
    var bytes: [UInt8] = [command]
    bytes.appendBig(message)
    bytes.appendIdentifiers(targets)
    return bytes
  }
}

/// The connections that a command of version 0 concerns.
public enum CoinscopeTarget: Hashable, Sendable {
  /// Every open connection: the single target 0xFFFFFFFF.
  case all
  /// The connections with these ids. Ids that do not exist are ignored.
  case connections([UInt32])

  /// Creates a target from the ids on the wire.
  public init(_ identifiers: [UInt32]) {
    self = identifiers == [.max] ? .all : .connections(identifiers)
  }

  /// The ids on the wire.
  public var identifiers: [UInt32] {
    switch self {
    case .all: [.max]
    case .connections(let identifiers): identifiers
    }
  }
}
