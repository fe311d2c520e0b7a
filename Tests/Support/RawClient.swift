import Bytes
import EventLoop

/// A client that sends any bytes and keeps all that it receives.
public final class RawClient: ByteStreamHandler {
  /// Bytes received so far.
  public var received: [UInt8] = []
  /// Whether the other end closed.
  public var isClosed = false
  /// The connection's stream.
  public var stream: ByteStream!

  /// Connects to a socket.
  public init(_ address: SocketAddress, from local: SocketAddress? = nil, on loop: EventLoop) throws {
    stream = ByteStream(try Socket.startConnect(to: address, from: local), on: loop, handler: self)
  }

  /// Takes ownership of a connected descriptor.
  public init(_ descriptor: Int32, on loop: EventLoop) {
    stream = ByteStream(descriptor, on: loop, handler: self)
  }

  /// Closes the connection. Keeps the client alive during the call.
  public func close(_ reason: String) { withExtendedLifetime(self) { stream.close(.closed(reason)) } }

  /// Keeps the received bytes.
  public func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int {
    received.append(contentsOf: slice.bytes)
    return slice.range.count
  }

  /// Records that the stream is closed.
  public func stream(_ stream: ByteStream, closedFor reason: CloseReason) { isClosed = true }
}
