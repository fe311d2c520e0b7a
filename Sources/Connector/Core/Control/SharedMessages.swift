import EventLoop

/// Messages to many peers in one shared buffer. Until released, the buffer counts for the client that sends
/// them.
final class SharedMessages {
  /// The buffer's bytes.
  let slice: ChunkSlice

  private let limits: PeerLimits

  /// Copies messages into a shared buffer.
  init(_ bytes: [UInt8], _ limits: PeerLimits) {
    let chunk = limits.sharedPool.lend(bytes.count)
    bytes.withUnsafeBytes {
      UnsafeMutableRawBufferPointer(start: chunk.base, count: $0.count).copyMemory(from: $0)
    }
    slice = ChunkSlice(chunk, 0..<bytes.count)
    self.limits = limits
    limits.sendingCount += chunk.capacity
  }

  deinit { limits.sendingCount -= slice.chunk.capacity }
}
