import EventLoop

/// The accepted end of a connection, which sends back the bytes that it receives.
final class Echo: ByteStreamHandler {
  private(set) var stream: ByteStream!
  private(set) var isOver = false

  /// Takes ownership of a connected descriptor.
  init(_ descriptor: Int32, on loop: EventLoop) {
    stream = ByteStream(descriptor, on: loop, handler: self)
  }

  func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int {
    stream.write(slice)
    return slice.range.count
  }

  func stream(_ stream: ByteStream, closedFor reason: CloseReason) { isOver = true }
}
