import EventLoop
import Glibc
import Testing

@Suite struct WatcherTests {
  let loop = EventLoop()

  @Test func reportsOnceOrAgainAfterATime() {
    var once = 0
    var often = 0
    let start = Clock.monotonic()
    let single = TimerWatcher(on: loop) { once += 1 }
    let repeating = TimerWatcher(on: loop) {
      often += 1
      if often == 5 { self.loop.stop() }
    }
    single.start(after: 0.01)
    repeating.start(after: 0.01, every: 0.01)
    #expect(single.isRunning)
    loop.run()
    #expect(once == 1)
    #expect(often == 5)
    #expect(!single.isRunning)
    #expect(Clock.monotonic() - start >= 45_000_000)
  }

  @Test func reportsNothingOnceCancelled() {
    var reports = 0
    let cancelled = TimerWatcher(on: loop) { reports += 1 }
    cancelled.start(after: 0.005)
    cancelled.cancel()
    do {
      let forgotten = TimerWatcher(on: loop) { reports += 1 }
      forgotten.start(after: 0.005)
    }
    let end = TimerWatcher(on: loop) { self.loop.stop() }
    end.start(after: 0.03)
    loop.run()
    #expect(reports == 0)
  }

  @Test func reportsAtWholeMultiplesOfTheWallClock() {
    var times: [UInt64] = []
    let periodic = PeriodicWatcher(every: 0.05, on: loop) {
      times.append(Clock.now())
      if times.count == 3 { self.loop.stop() }
    }
    loop.run()
    withExtendedLifetime(periodic) {}
    // A little after a multiple, never before one. The delay depends on the machine.
    for time in times { #expect(time % 50_000_000 < 40_000_000) }
    #expect(times[1] > times[0] && times[2] > times[1])
  }

  @Test func reportsWhenAPipeCanBeReadAndWritten() throws {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    defer { for end in ends { close(end) } }
    var events: [Readiness] = []
    let reader = DescriptorWatcher(ends[0], on: loop) {
      events.append($0)
      self.loop.stop()
    }
    let writer = DescriptorWatcher(ends[1], on: loop) {
      events.append($0)
      _ = write(ends[1], "x", 1)
    }
    writer.watch(for: .writable)
    loop.runOnce()
    writer.watch(for: [])
    reader.watch(for: .readable)
    loop.run()
    #expect(events == [.writable, .readable])
    reader.cancel()
    writer.cancel()
  }
}

@Suite struct ChunkPoolTests {
  @Test func takesBackWhatItLends() {
    let pool = ChunkPool(chunkCapacity: 64, spareLimit: 2)
    var chunk: Chunk? = pool.lend()
    let first = chunk!.base
    var slice: ChunkSlice? = ChunkSlice(chunk!, 0..<10)
    chunk = nil
    // A slice keeps the chunk lent.
    #expect(pool.lend().base != first)
    slice = nil
    _ = slice
    #expect(pool.lend().base == first)
  }
}

@Suite struct WriteQueueTests {
  let pool = ChunkPool(chunkCapacity: 100)

  /// Writes the whole queue to a pipe, in as many writes as needed; returns the bytes read from it.
  func drained(_ queue: inout WriteQueue) throws -> [UInt8] {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
    defer { for end in ends { close(end) } }
    var result: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while queue.count > 0 {
      _ = try queue.write(to: ends[1])
      let count = read(ends[0], &buffer, buffer.count)
      if count > 0 { result += buffer[..<count] }
    }
    var count = 1
    while count > 0 {
      count = read(ends[0], &buffer, buffer.count)
      if count > 0 { result += buffer[..<count] }
    }
    return result
  }

  @Test func writesCopiesAndSlicesInOrder() throws {
    var queue = WriteQueue(pool: pool)
    var expected: [UInt8] = []
    let shared = Chunk(capacity: 1000)
    for index in 0..<1000 {
      shared.base.storeBytes(of: UInt8(truncatingIfNeeded: index), toByteOffset: index, as: UInt8.self)
    }
    for index in 0..<300 {
      let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: index % 250)
      bytes.withUnsafeBytes { queue.append($0) }
      expected += bytes
      let range = index..<index + index % 90
      queue.append(ChunkSlice(shared, range))
      expected += [UInt8](shared.bytes(range))
    }
    #expect(queue.count == expected.count)
    #expect(try drained(&queue) == expected)
    #expect(queue.count == 0)
  }

  @Test func saysWhatEndedTheWriting() {
    var queue = WriteQueue(pool: pool)
    [1, 2, 3].withUnsafeBytes { queue.append($0) }
    let full = open("/dev/full", O_WRONLY)
    defer { close(full) }
    do {
      _ = try queue.write(to: full)
      Issue.record("a full device accepted bytes")
    } catch {
      #expect(error.code == ENOSPC)
    }
    // The failure loses no bytes.
    #expect(queue.count == 24)
  }
}
