import BitcoinWire
import Bytes
import Observations

/// A reply of version 0 of the control protocol: bytes without a frame, in the order of the requests.
///
/// Only REGISTER, registering a message and listing connections get a reply. The client knows from its
/// request which reply to expect.
public enum CoinscopeReply {
  /// An open connection, 36 bytes: u32 id, `sockaddr_in` remote, `sockaddr_in` local.
  public struct Connection: Hashable, Sendable {
    /// Bytes on the wire.
    public static let size = 36

    /// The connection's id.
    public var id: UInt32
    /// The peer's endpoint; 0.0.0.0 if it is not IPv4.
    public var remote: Endpoint
    /// Our endpoint; 0.0.0.0 if it is not IPv4.
    public var local: Endpoint

    /// Describes a connection.
    public init(id: UInt32, remote: Endpoint, local: Endpoint) {
      self.id = id
      self.remote = remote
      self.local = local
    }
  }

  /// Encodes an id, u32: of a registered message (0 if refused), or of the client after REGISTER.
  public static func identifier(_ identifier: UInt32) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendBig(identifier)
    return bytes
  }

  /// Encodes the list of connections: u32 bytes that follow, then 36 bytes for each.
  public static func connections(_ connections: some Collection<Connection>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(4 + connections.count * Connection.size)
    bytes.appendBig(UInt32(connections.count * Connection.size))
    for connection in connections {
      bytes.appendBig(connection.id)
      bytes.appendSocketAddress(connection.remote)
      bytes.appendSocketAddress(connection.local)
    }
    return bytes
  }

  /// Decodes an id.
  public static func identifier(_ bytes: RawSpan) throws(WireError) -> UInt32 {
    var reader = ByteReader(bytes)
    return try reader.big("id")
  }

  /// Decodes a list of connections.
  public static func connections(_ bytes: RawSpan) throws(WireError) -> [Connection] {
    var reader = ByteReader(bytes)
    let length = Int(try reader.big(UInt32.self, "length"))
    try reader.require(length, "connections")
    guard length % Connection.size == 0 else {
      throw WireError(.invalid("is \(length), not a multiple of 36"), field: "length", offset: 0)
    }
    var result: [Connection] = []
    result.reserveCapacity(length / Connection.size)
    for _ in 0..<length / Connection.size {
      result.append(
        Connection(
          id: try reader.big("id"),
          remote: try reader.socketAddress("remote address"),
          local: try reader.socketAddress("local address")
        )
      )
    }
    return result
  }
}
