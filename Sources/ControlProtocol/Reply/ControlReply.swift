import BitcoinWire
import Bytes

/// The reply to a `ControlRequest`. Each request gets exactly one.
///
/// The payload is the request's id (u32), then the fields listed at each case, in order, big-endian. The type
/// is the request's type with bit 7 set if the request succeeded, and 0xff if it failed.
public enum ControlReply: Hashable, Sendable {
  /// Type 0x90: the fields of `ServerHello`.
  case hello(ServerHello)

  /// Type 0x91. The message is registered: u32 its id, never 0.
  case messageRegistered(UInt32)

  /// Type 0x92. The client's registered messages: u32 count, each as `RegisteredMessage`.
  case messages([RegisteredMessage])

  /// Type 0x93. The message is forgotten.
  case messageForgotten

  /// Type 0x94. The connects are accepted; an event reports each outcome: u32 count, u32 connection ids in
  /// the order of the request's targets.
  case connecting([UInt32])

  /// Type 0x95. u32 the number of connections being closed, u32 count and u32 ids that do not exist.
  case disconnecting(count: UInt32, missing: [UInt32])

  /// Type 0x96. u32 the number of connections that the message is being sent to, u32 count and u32 ids that
  /// do not exist or whose handshake is not done.
  case sending(count: UInt32, missing: [UInt32])

  /// Type 0x97. u32 `after` for the request of the next page (0: this is the last), u32 count, each as
  /// `ConnectionInfo`.
  case connections([ConnectionInfo], next: UInt32)

  /// Type 0x98: the fields of `ConnectorStatistics`.
  case statistics(ConnectorStatistics)

  /// Type 0x99. The configuration was read again; text: a sentence that says what was done.
  case reloaded(String)

  /// Type 0x9a. The connector is shutting down.
  case shuttingDown

  /// Type 0xff. The request failed: u16 status, text sentence.
  case failure(ControlFailure)

  /// The type's number on the wire.
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

  /// Encodes the whole frame.
  ///
  /// - Parameter id: the request's id; 0 for a failure that concerns the connection.
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
