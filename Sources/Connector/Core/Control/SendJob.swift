import EventLoop

/// A message on its way to the connections that a client named.
///
/// It goes to as many at a time as the log server keeps up with: each sending is a record, and a block to ten thousand
/// peers is more of them than are kept.
struct SendJob {
  /// The request that is told what came of it; nil for one of version 0, which has no events.
  let request: UInt32?

  private let message: ChunkSlice
  private let connections: [PeerConnection]
  private var next = 0

  /// How many it was queued for.
  private(set) var sentCount: UInt32 = 0

  /// Prepares a message for connections.
  init(_ message: [UInt8], to connections: [PeerConnection], request: UInt32?) {
    self.request = request
    self.connections = connections
    let chunk = Chunk(capacity: message.count)
    message.withUnsafeBytes {
      UnsafeMutableRawBufferPointer(start: chunk.base, count: $0.count).copyMemory(from: $0)
    }
    self.message = ChunkSlice(chunk, 0..<message.count)
  }

  /// Whether it has gone to everyone.
  var isDone: Bool { next == connections.count }

  /// How many were closed instead, because they do not read, or were gone.
  var lostCount: UInt32 { UInt32(next) - sentCount }

  /// Sends on, while `hasRoom` says so.
  mutating func run(while hasRoom: () -> Bool) {
    while next < connections.count, hasRoom() {
      if connections[next].send(shared: message) { sentCount += 1 }
      next += 1
    }
  }
}
