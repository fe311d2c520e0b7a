import Bytes
import Glibc
import Testing

@testable import EventLoop

/// A gate with streams behind it, and the other ends of these.
@Suite final class ReadGateTests {
  private let loop = EventLoop(pool: ChunkPool(chunkCapacity: 4096))
  private let gate: ReadGate
  private var handlers: [Collector] = []
  private var streams: [ByteStream] = []
  private var ends: [Int32] = []

  init() { gate = ReadGate(on: loop) }

  deinit { for end in ends { close(end) } }

  private func add(_ count: Int) throws {
    for _ in 0..<count {
      var pair: [Int32] = [0, 0]
      guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &pair) == 0 else {
        throw IOError("make a pair of sockets")
      }
      handlers.append(Collector())
      streams.append(ByteStream(pair[0], gate: gate, on: loop, handler: handlers.last!))
      ends.append(pair[1])
    }
  }

  private func sendToAll() { for end in ends { write(end, "x", 1) } }

  private func turn(_ count: Int = 3) throws {
    let timer = TimerWatcher(on: loop) {}
    for _ in 0..<count {
      timer.start(after: 0.01)
      loop.runOnce()
    }
  }

  private var counts: [Int] { handlers.map(\.received.count) }

  @Test func holdsEveryStreamWhileItIsClosed() throws {
    try add(300)
    gate.close()
    sendToAll()
    try turn()
    #expect(counts == Array(repeating: 0, count: 300))
    gate.open()
    try turn()
    #expect(counts == Array(repeating: 1, count: 300))
  }

  @Test func holdsTheRestWhenOneStreamClosesIt() throws {
    try add(9)
    for handler in handlers { handler.onReceive = { [gate] _ in gate.close() } }
    sendToAll()
    for read in 1...9 {
      try turn()
      #expect(counts.reduce(0, +) == read)
      gate.open()
    }
  }

  @Test func writesWhileItIsClosed() throws {
    try add(1)
    gate.close()
    // More than a socket takes at once.
    streams[0].write([UInt8](repeating: 7, count: 1 << 20))
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var count = 0
    for _ in 0..<200 where count < 1 << 20 {
      try turn(1)
      count += max(0, read(ends[0], &buffer, buffer.count))
    }
    #expect(count == 1 << 20)
  }

  @Test func readsNothingFromAStreamThatIsPaused() throws {
    try add(2)
    streams[0].pause()
    sendToAll()
    try turn()
    #expect(counts == [0, 1])
    gate.close()
    streams[0].resume()
    try turn()
    #expect(counts == [0, 1])
    gate.open()
    try turn()
    #expect(counts == [1, 1])
  }

  @Test func readsNothingFromAStreamThatAnotherEnds() throws {
    try add(2)
    for (index, handler) in handlers.enumerated() {
      handler.onReceive = { [unowned self] _ in streams[1 - index].close(.closed("by the other")) }
    }
    sendToAll()
    try turn()
    #expect(counts.sorted() == [0, 1])
    #expect(handlers.compactMap(\.reason) == [.closed("by the other")])
  }

  @Test func noticesTheOtherEndsClosing() throws {
    try add(1)
    close(ends.removeLast())
    try turn()
    #expect(handlers[0].reason == .endOfStream)
  }

  /// The system watches no files.
  @Test func closesAStreamThatCannotBeWatched() throws {
    let descriptor = open("/proc/self/exe", O_RDONLY | O_CLOEXEC)
    let handler = Collector()
    let stream = ByteStream(descriptor, gate: gate, on: loop, handler: handler)
    #expect(handler.reason == nil)
    try turn()
    #expect(handler.reason == .readFailed(IOError("watch", code: EPERM)))
    #expect(!stream.isOpen)
  }
}
