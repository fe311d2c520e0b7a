import EventLoop

/// Joins a proxy's client with an outside listener: forwards the bytes of each to the other.
final class ProxyRelay: ByteStreamHandler {
  private unowned let frontEnd: ProxyFrontEnd
  private var near: ByteStream!
  private var far: ByteStream!

  /// Unsent bytes to one end from which on the other end is not read.
  private static let limit = 256 << 10

  /// Takes ownership of two connected descriptors.
  ///
  /// - Parameters:
  ///   - near: the client's.
  ///   - far: the listener's.
  init(_ near: Int32, _ far: Int32, frontEnd: ProxyFrontEnd) {
    self.frontEnd = frontEnd
    self.near = ByteStream(near, on: frontEnd.simnet.loop, handler: self)
    self.far = ByteStream(far, on: frontEnd.simnet.loop, handler: self)
  }

  /// Closes both ends. Does nothing the second time.
  func close() {
    near.close(.closed("the proxy stopped"))
    far.close(.closed("the proxy stopped"))
  }

  func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int {
    let other = other(stream)
    other.write(slice)
    if other.unsentCount > Self.limit { stream.pause() }
    return slice.range.count
  }

  func streamDidDrain(_ stream: ByteStream) { other(stream).resume() }

  func stream(_ stream: ByteStream, closedFor reason: CloseReason) {
    other(stream).closeAfterWriting("the other end is closed")
    if !near.isOpen, !far.isOpen { frontEnd.forget(self) }
  }

  private func other(_ stream: ByteStream) -> ByteStream { stream === near ? far : near }
}
