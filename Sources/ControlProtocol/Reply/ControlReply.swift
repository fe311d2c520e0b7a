import BitcoinWire
import Bytes

/// The one reply to a `ControlRequest`.
///
/// Its payload is u32 the request's id, then the fields its case lists, in their order, big-endian. Its type
/// is the request's with bit 7 set where the request was done, which is the status "ok", and 0xff where it
/// was not.
public enum ControlReply: Hashable, Sendable {
  /// Type 0x90: as in `ServerHello`.
  case hello(ServerHello)

  /// Type 0x91. The message is kept: u32 its id, never 0.
  case messageRegistered(UInt32)

  /// Type 0x92. The client's messages: u32 count, each.
  case messages([RegisteredMessage])

  /// Type 0x93. The message is forgotten.
  case messageForgotten

  /// Type 0x94. Connecting has begun, or its failure is about to be told as an event: u32 count, u32 each
  /// connection's id, in the order of the request's targets.
  case connecting([UInt32])

  /// Type 0x95. u32 how many connections are being closed, u32 count and u32 each id that does not exist.
  case disconnecting(count: UInt32, missing: [UInt32])

  /// Type 0x96. u32 to how many connections the message is on its way, u32 count and u32 each id that does
  /// not exist or whose handshake is not done.
  case sending(count: UInt32, missing: [UInt32])

  /// Type 0x97. u32 `after` of the request for the next page (0: this is the last), u32 count, each
  /// connection.
  case connections([ConnectionInfo], next: UInt32)

  /// Type 0x98: as in `ConnectorStatistics`.
  case statistics(ConnectorStatistics)

  /// Type 0x99. The configuration was read again; text: what changed.
  case reloaded(String)

  /// Type 0x9a. The connector is about to end.
  case shuttingDown

  /// Type 0xff. The request was not done: u16 status, text sentence.
  case failure(ControlFailure)

  /// The number of the type.
  public var type: UInt8 {
    switch self {
    case .hello: 0x90
    case .messageRegistered: 0x91
    case .messages: 0x92
    case .messageForgotten: 0x93
    case .connecting: 0x94
    case .disconnecting: 0x95
    case .sending: 0x96
    case .connections: 0x97
    case .statistics: 0x98
    case .reloaded: 0x99
    case .shuttingDown: 0x9a
    case .failure: 0xff
    }
  }

  /// The bytes of the whole frame.
  ///
  /// - Parameter id: the request's id; 0 where the request had none.
  public func frame(id: UInt32, version: UInt8 = ControlFrame.currentVersion) -> [UInt8] {
    ControlFrame.bytes(version: version, type: type, id: id) { write(to: &$0) }
  }

  private func write(to bytes: inout [UInt8]) {
    switch self {
    case .hello(let hello): hello.write(to: &bytes)
    case .messageRegistered(let identifier): bytes.appendBig(identifier)
    case .messages(let messages):
      bytes.appendBig(UInt32(messages.count))
      for message in messages { message.write(to: &bytes) }
    case .connecting(let identifiers): bytes.appendIdentifiers(identifiers)
    case .disconnecting(let count, let missing), .sending(let count, let missing):
      bytes.appendBig(count)
      bytes.appendIdentifiers(missing)
    case .connections(let connections, let next):
      bytes.reserveCapacity(bytes.count + 8 + connections.count * 160)
      bytes.appendBig(next)
      bytes.appendBig(UInt32(connections.count))
      for connection in connections { connection.write(to: &bytes) }
    case .statistics(let statistics): statistics.write(to: &bytes)
    case .reloaded(let changes): bytes.appendText(changes)
    case .failure(let failure):
      bytes.appendBig(failure.status.rawValue)
      bytes.appendText(failure.sentence)
    case .messageForgotten, .shuttingDown: break
    }
  }
}
