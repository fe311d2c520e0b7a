import Bytes
import Glibc
import Testing

@testable import EventLoop

/// Collects a stream's bytes, consuming whole pieces of `pieceCount` bytes.
final class Collector: ByteStreamHandler {
  var received: [UInt8] = []
  var times: [UInt64] = []
  var reason: CloseReason?
  var drains = 0
  var pieceCount = 1
  var echo = false
  var onClose: () -> Void = {}
  var onReceive: (ByteStream) -> Void = { _ in }

  func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int {
    let whole = slice.range.count / pieceCount * pieceCount
    received.append(contentsOf: slice.bytes[..<whole])
    times.append(time)
    onReceive(stream)
    if echo { stream.write(ChunkSlice(slice.chunk, slice.range.lowerBound..<slice.range.lowerBound + whole)) }
    stream.expectedCount = pieceCount
    return whole
  }

  func streamDidDrain(_ stream: ByteStream) { drains += 1 }

  func stream(_ stream: ByteStream, closedFor reason: CloseReason) {
    self.reason = reason
    onClose()
  }
}

/// A listener with one accepted stream, and a stream connected to it.
final class Pair {
  let loop = EventLoop(pool: ChunkPool(chunkCapacity: 4096))
  let server = Collector()
  let client = Collector()
  var listener: Listener?
  var accepted: ByteStream?
  var connected: ByteStream?
  var attempt: ConnectAttempt?

  init(on address: SocketAddress = .ipv4(0x7f00_0001, port: 0)) throws {
    listener = try Listener(
      on: address,
      loop: loop,
      accept: { [unowned self] descriptor, _ in
        accepted = ByteStream(descriptor, stamped: true, on: loop, handler: server)
      },
      fail: { Issue.record($0) }
    )
    attempt = ConnectAttempt(to: listener!.address, timeout: 5, loop: loop) { [unowned self] result in
      connected = ByteStream(try! result.get(), on: loop, handler: client)
    }
    try run { accepted != nil && connected != nil }
  }

  /// Runs the loop until the condition holds; fails after 10 s.
  func run(until condition: () -> Bool) throws {
    let deadline = Clock.monotonic() + 10_000_000_000
    let tick = TimerWatcher(on: loop) {}
    tick.start(after: 0.01, every: 0.01)
    while !condition() {
      guard Clock.monotonic() < deadline else { throw IOError("wait", code: ETIMEDOUT) }
      loop.runOnce()
    }
  }
}

@Suite struct ByteStreamTests {
  static func pattern(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
  }

  @Test(arguments: [1, 7, 4096, 5000, 100_000])
  func carriesBytesInOrderWhateverThePieces(pieceCount: Int) throws {
    let pair = try Pair()
    pair.server.pieceCount = pieceCount
    let sent = Self.pattern(pieceCount * (300_000 / pieceCount))
    pair.connected?.write(sent)
    try pair.run { pair.server.received.count == sent.count }
    #expect(pair.server.received == sent)
    #expect(pair.accepted?.bytesReceived == UInt64(sent.count))
  }

  @Test func echoesByReference() throws {
    let pair = try Pair()
    pair.server.echo = true
    let sent = Self.pattern(1_000_000)
    pair.connected?.write(sent)
    try pair.run { pair.client.received.count == sent.count }
    #expect(pair.client.received == sent)
    #expect(pair.client.drains > 0)
  }

  /// The loop forgets a stream that is freed before the batch ends, even if the stream was flushed already.
  @Test func mayGoAfterItWasFlushed() throws {
    for _ in 0..<100 {
      let pair = try Pair()
      pair.connected?.write([1])
      pair.connected?.flush()
      pair.connected = nil
      pair.accepted?.write([UInt8](repeating: 2, count: 300))
      try pair.run { pair.server.reason != nil }
      #expect(pair.server.received == [1])
    }
  }

  @Test func tellsTheKernelsTimeOfReceipt() throws {
    let pair = try Pair()
    let before = Clock.now()
    pair.connected?.write([1])
    pair.connected?.flush()
    let after = Clock.now()
    try pair.run { pair.server.received.count == 1 }
    #expect(pair.server.times[0] >= before)
    // The kernel stamps at arrival, at most a moment after the write, however late the stream reads.
    #expect(pair.server.times[0] <= after + 5_000_000)
  }

  @Test func holdsBackWhileItIsPaused() throws {
    let pair = try Pair()
    pair.accepted?.pause()
    pair.connected?.write(Self.pattern(100))
    try pair.run { pair.client.drains == 1 }
    let later = Clock.monotonic() + 20_000_000
    try pair.run { Clock.monotonic() > later }
    #expect(pair.server.received.isEmpty)
    pair.accepted?.resume()
    try pair.run { pair.server.received.count == 100 }
  }

  @Test func mayBePausedAndResumedFromWithinItsHandler() throws {
    let pair = try Pair()
    pair.server.pieceCount = 3
    pair.server.onReceive = {
      $0.pause()
      $0.resume()
    }
    let sent = Self.pattern(3 * 10_000)
    pair.connected?.write(sent)
    try pair.run { pair.server.received.count == sent.count }
    #expect(pair.server.received == sent)
  }

  @Test func closesAfterWhatWasWritten() throws {
    let pair = try Pair()
    let sent = Self.pattern(2_000_000)
    pair.connected?.write(sent)
    pair.connected?.closeAfterWriting("done")
    try pair.run { pair.server.reason != nil }
    #expect(pair.server.received == sent)
    #expect(pair.server.reason == .endOfStream)
    #expect(pair.client.reason == .closed("done"))
  }

  @Test func reportsOneCloseOnly() throws {
    let pair = try Pair()
    var closes = 0
    pair.client.onClose = { closes += 1 }
    pair.connected?.close(.closed("first"))
    pair.connected?.close(.closed("second"))
    pair.connected?.write([1])
    try pair.run { pair.server.reason != nil }
    #expect(closes == 1)
    #expect(pair.client.reason == .closed("first"))
  }

  @Test func worksOnUnixSocketsAndIPv6() throws {
    let path = "/tmp/netmine-test-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
    for address in [SocketAddress.unix(path), .ipv6(high: 0, low: 1, port: 0)] {
      let pair = try Pair(on: address)
      pair.connected?.write([1, 2, 3])
      try pair.run { pair.server.received == [1, 2, 3] }
      if case .unix = address {
        #expect(Socket.credentials(of: pair.accepted!.descriptor)?.process == getpid())
        #expect(throws: IOError.self) { try Socket.listen(on: address) }
      }
      pair.listener?.close()
    }
    #expect(access(path, F_OK) != 0)
  }

  /// A reader that accepts everything does not keep other streams from their turns.
  @Test func handsOverNoMoreInABatchThanItsBound() {
    let loop = EventLoop()
    let handler = Collector()
    let stream = ByteStream(open("/dev/null", O_RDWR | O_CLOEXEC), on: loop, handler: handler)
    stream.pause()
    stream.write([UInt8](repeating: 1, count: 5 << 20))
    stream.write([UInt8](repeating: 1, count: 100))
    var sent: [UInt64] = []
    for _ in 0..<6 {
      loop.runOnce()
      sent.append(stream.bytesSent)
    }
    // The first turn ends the batch of the write and then handles a writable event: two batches' limits.
    let all: UInt64 = 5 << 20 + 100
    #expect(sent == [2 << 20, 3 << 20, 4 << 20, 5 << 20, all, all])
    #expect(handler.drains == 1)
    // Bytes left when the loop ends are written at once.
    stream.write([UInt8](repeating: 1, count: 5 << 20))
    loop.stop()
    #expect(stream.unsentCount == 0)
    stream.close(.closed("done"))
  }
}

@Suite struct ConnectAttemptTests {
  @Test func reportsRefusal() throws {
    let loop = EventLoop()
    // A port that was free a moment ago.
    let free = try Listener(on: .ipv4(0x7f00_0001, port: 0), loop: loop, accept: { _, _ in }, fail: { _ in })
    let address = free.address
    free.close()
    var outcome: Result<Int32, IOError>?
    let attempt = ConnectAttempt(to: address, timeout: 5, loop: loop) {
      outcome = $0
      loop.stop()
    }
    loop.run()
    withExtendedLifetime(attempt) {}
    guard case .failure(let error) = outcome else { throw IOError("refuse", code: 0) }
    #expect(error.code == ECONNREFUSED)
  }
}

@Suite struct SocketAddressTests {
  @Test(arguments: ["127.0.0.1:8333", "[::1]:18444", "[2001:db8::5]:1"])
  func readsAndPrints(_ text: String) {
    #expect(SocketAddress(text)?.description == text)
  }

  @Test(arguments: ["", "127.0.0.1", "localhost:1", "1.2.3:4", "[::1:80", "1.2.3.4:65536", "::1:80"])
  func refusesOtherText(_ text: String) {
    #expect(SocketAddress(text) == nil)
  }
}
