import BitcoinWire
import Bytes

/// A connection that is open at the start of a reader's stream or of a segment.
public struct OpenConnection: Equatable, Sendable {
  /// The end that opened the connection.
  public var direction: Direction
  /// The peer's end.
  public var remote: Endpoint
  /// Our end.
  public var local: Endpoint
  /// The time at which it opened, in ns since the Unix epoch.
  public var since: UInt64
  /// The information about the peer.
  public var peer: ConnectionEvent.Peer

  /// The peer's user agent; empty before the handshake.
  public var userAgent: [UInt8] { peer.userAgent }

  /// Creates an open connection.
  public init(
    direction: Direction,
    remote: Endpoint,
    local: Endpoint,
    since: UInt64,
    peer: ConnectionEvent.Peer = .unknown
  ) {
    self.direction = direction
    self.remote = remote
    self.local = local
    self.since = since
    self.peer = peer
  }

  /// Reads the fields; those of programs before 0.2 end with the user agent.
  @_lifetime(reader: copy reader)
  init(_ reader: inout ByteReader, early isEarly: Bool) throws(WireError) {
    direction = try reader.choice("direction")
    remote = try reader.endpoint("remote endpoint")
    local = try reader.endpoint("local endpoint")
    since = try reader.big("since")
    if isEarly {
      let agent = try reader.prefixedBytes("user agent")
      peer = agent.isEmpty ? .unknown : .userAgent(agent)
    } else {
      peer = try ConnectionEvent.Peer(&reader)
    }
  }

  func write(to bytes: inout [UInt8]) {
    bytes.append(direction.rawValue)
    bytes.appendEndpoint(remote)
    bytes.appendEndpoint(local)
    bytes.appendBig(since)
    peer.write(to: &bytes)
  }
}
