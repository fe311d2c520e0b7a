import Bytes
import EventLoop

/// A client that sends whatever it is told to and keeps what it gets.
public final class RawClient: ByteStreamHandler {
  /// What came.
  public var received: [UInt8] = []
  /// Whether the other end closed.
  public var isClosed = false
  /// The connection.
  public var stream: ByteStream!

  /// Connects to a socket.
  public init(_ address: SocketAddress, from local: SocketAddress? = nil, on loop: EventLoop) throws {
    stream = ByteStream(try Socket.startConnect(to: address, from: local), on: loop, handler: self)
  }

  /// Takes over a connection.
  public init(_ descriptor: Int32, on loop: EventLoop) {
    stream = ByteStream(descriptor, on: loop, handler: self)
  }

  /// Closes; the client is kept until that is done.
  public func close(_ reason: String) { withExtendedLifetime(self) { stream.close(.closed(reason)) } }

  /// Keeps what came.
  public func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int {
    received.append(contentsOf: slice.bytes)
    return slice.range.count
  }

  /// Notes the end.
  public func stream(_ stream: ByteStream, closedFor reason: CloseReason) { isClosed = true }
}
