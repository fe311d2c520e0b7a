import BitcoinWire
import Bytes

/// A connection that is open where a reader or a segment starts.
public struct OpenConnection: Equatable, Sendable {
  /// Which end opened it.
  public var direction: Direction
  /// The peer's end.
  public var remote: Endpoint
  /// Our end.
  public var local: Endpoint
  /// When it opened, in ns since the Unix epoch.
  public var since: UInt64
  /// The peer's user agent; empty before the handshake.
  public var userAgent: [UInt8]

  /// Creates a description.
  public init(direction: Direction, remote: Endpoint, local: Endpoint, since: UInt64, userAgent: [UInt8]) {
    self.direction = direction
    self.remote = remote
    self.local = local
    self.since = since
    self.userAgent = userAgent
  }

  @_lifetime(reader: copy reader)
  init(_ reader: inout ByteReader) throws(WireError) {
    direction = try reader.big(UInt8.self, "direction") == 0 ? .outbound : .inbound
    remote = try reader.endpoint("remote endpoint")
    local = try reader.endpoint("local endpoint")
    since = try reader.big("since")
    userAgent = try reader.prefixedBytes("user agent")
  }

  func write(to bytes: inout [UInt8]) {
    bytes.append(direction.rawValue)
    bytes.appendEndpoint(remote)
    bytes.appendEndpoint(local)
    bytes.appendBig(since)
    bytes.appendPrefixed(userAgent)
  }
}
