import EventLoop

/// Messages that many are sent, in memory that is there once; until it goes it counts for the client that sends them.
final class SharedMessages {
  /// Where they are.
  let slice: ChunkSlice

  private let limits: PeerLimits

  /// Copies messages.
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
