import Glibc
import Testing

@testable import EventLoop

extension WriteQueueTests {
  @Test func keepsNoChunkThatWasWritten() throws {
    var queue = WriteQueue(pool: pool)
    weak var first: Chunk?
    do {
      let chunk = pool.lend()
      first = chunk
      queue.append(ChunkSlice(chunk, 0..<10))
      queue.append(ChunkSlice(chunk, 20..<30))
    }
    queue.append(ChunkSlice(Chunk(capacity: 1 << 20), 0..<1 << 20))
    #expect(queue.heldCount == 100 + 1 << 20)
    #expect(first != nil)
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
    defer { for end in ends { close(end) } }
    // A pipe holds 64 KiB.
    _ = try queue.write(to: ends[1])
    #expect(first == nil)
    #expect(queue.heldCount == 1 << 20)
    queue.clear()
    #expect(queue.heldCount == 0)
  }

  /// Thousands of peers may have a few bytes waiting each: a whole chunk for each would be too much.
  @Test(arguments: [100, 1500, 3000, 9000, 30_000]) func takesInProportionToWhatWaits(_ count: Int) {
    var queue = WriteQueue(pool: ChunkPool())
    let bytes = [UInt8](repeating: 1, count: count)
    for _ in 0..<4 {
      bytes.withUnsafeBytes { queue.append($0) }
      #expect(queue.heldCount <= max(1024, 4 * queue.count), "\(queue.heldCount) bytes for \(queue.count)")
    }
  }

  @Test func countsAChunkOnceHoweverOftenOthersCameBetween() throws {
    var queue = WriteQueue(pool: pool)
    let chunks = (0..<4).map { Chunk(capacity: 1000 << $0) }
    // The waiting bytes, by the index of their chunk.
    var waiting: [(chunk: Int, count: Int)] = []
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
    defer { for end in ends { close(end) } }
    // F_SETPIPE_SZ, which the Glibc module does not export.
    _ = fcntl(ends[1], 1031, 4096)
    var space = [UInt8](repeating: 0, count: 4096)
    for round in 0..<3000 {
      switch Int.random(in: 0..<10) {
      case 0:
        while read(ends[0], &space, space.count) > 0 {}
        var written = try queue.write(to: ends[1])
        while written > 0 {
          let taken = min(written, waiting[0].count)
          waiting[0].count -= taken
          written -= taken
          if waiting[0].count == 0 { waiting.removeFirst() }
        }
      case 1:
        let kept = Int.random(in: 0...queue.count)
        queue.truncate(to: kept)
        while waiting.reduce(0, { $0 + $1.count }) > kept {
          waiting[waiting.count - 1].count -= 1
          if waiting[waiting.count - 1].count == 0 { waiting.removeLast() }
        }
      default:
        let index = Int.random(in: 0..<chunks.count)
        let start = Int.random(in: 0..<500)
        let count = Int.random(in: 1...400)
        queue.append(ChunkSlice(chunks[index], start..<start + count))
        waiting.append((index, count))
      }
      let held = Set(waiting.map(\.chunk)).reduce(0) { $0 + chunks[$1].capacity }
      guard queue.heldCount == held else {
        Issue.record("round \(round): \(queue.heldCount), not \(held)")
        return
      }
    }
  }

  @Test(arguments: [0, 1, 9, 10, 11, 25, 95, 299, 300])
  func forgetsTheEnd(kept: Int) throws {
    var queue = WriteQueue(pool: pool)
    let shared = Chunk(capacity: 1000)
    var expected: [UInt8] = []
    for index in 0..<10 {
      let copy = [UInt8](repeating: UInt8(index), count: 10)
      copy.withUnsafeBytes { queue.append($0) }
      memset(shared.base + index * 30, Int32(100 + index), 20)
      queue.append(ChunkSlice(shared, index * 30..<index * 30 + 20))
      expected += copy + [UInt8](repeating: UInt8(100 + index), count: 20)
    }
    #expect(queue.bytes(5..<95) == Array(expected[5..<95]))
    queue.truncate(to: kept)
    #expect(queue.count == kept)
    // The next write comes right behind, and changes none of the earlier bytes.
    ([7, 8] as [UInt8]).withUnsafeBytes { queue.append($0) }
    #expect(try drained(&queue) == Array(expected[..<kept]) + [7, 8])
    #expect(queue.heldCount == 0)
  }
}

extension ChunkPoolTests {
  @Test func knowsHowMuchIsLent() {
    let pool = ChunkPool(chunkCapacity: 100)
    var small: Chunk? = pool.lend()
    var large: Chunk? = pool.lend(5000)
    #expect([small, large].map { $0?.capacity } == [100, 5000])
    #expect(pool.lentCount == 5100)
    large = nil
    #expect(pool.lentCount == 100)
    small = nil
    #expect(pool.lentCount == 0)
    withExtendedLifetime((small, large)) {}
  }
}
