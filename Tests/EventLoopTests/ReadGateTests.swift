import Bytes
import Glibc
import Testing

@testable import EventLoop

/// A gate with streams behind it, and the other ends of these streams.
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
    // More than a socket accepts at once.
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

  /// epoll does not watch regular files.
  @Test func closesAStreamThatCannotBeWatched() throws {
    let descriptor = open("/proc/self/exe", O_RDONLY | O_CLOEXEC)
    let handler = Collector()
    let stream = ByteStream(descriptor, gate: gate, on: loop, handler: handler)
    #expect(handler.reason == nil)
    try turn()
    #expect(handler.reason == .readFailed(IOError("watch", call: .watch, code: EPERM)))
    #expect(!stream.isOpen)
  }

  // MARK: Fairness

  /// The streams read from, in order. Each read costs as much as a round allows, by default.
  private var reads: [Int] = []

  private func noteReads(costing cost: @escaping (Int) -> Int = { _ in ReadGate.share }) {
    for (index, handler) in handlers.enumerated() {
      handler.onReceive = { [unowned self] stream in
        reads.append(index)
        stream.charge(cost(index))
      }
    }
  }

  /// Sends as much as a stream's other end accepts.
  private func fill(_ index: Int) {
    let bytes = [UInt8](repeating: 1, count: 4096)
    while write(ends[index], bytes, bytes.count) > 0 {}
  }

  @Test func readsWhoSaysLittleBeforeAllThatSayMuch() throws {
    try add(21)
    noteReads { $0 == 20 ? 1 : ReadGate.share }
    for index in 0..<20 { fill(index) }
    // Wait until none of them is new.
    while Set(reads).count < 20 { try turn(1) }
    for _ in 0..<10 {
      for index in 0..<20 { fill(index) }
      reads = []
      write(ends[20], "x", 1)
      try turn(1)
      #expect(reads.first == 20)
      // The gate returns to the loop after a bounded amount of work.
      #expect(reads.count <= ReadGate.turnShare / ReadGate.share + 1)
    }
    #expect(counts[20] == 10)
  }

  @Test func answersWhoSaysLittleBeforeItReadsFromThoseThatSayMuch() throws {
    try add(2)
    handlers[0].onReceive = { $0.charge(ReadGate.turnShare) }
    fill(0)
    // Wait until it is not new.
    while counts[0] == 0 { try turn(1) }
    handlers[1].echo = true
    var isAnswered: [Bool] = []
    handlers[0].onReceive = { [unowned self] _ in
      var byte: UInt8 = 0
      isAnswered.append(recv(ends[1], &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) == 1)
    }
    write(ends[1], "x", 1)
    try turn(1)
    #expect(counts[1] == 1 && isAnswered.first == true)
  }

  @Test func readsFromThoseThatSayMuchInTurns() throws {
    try add(5)
    noteReads()
    for _ in 0..<50 {
      for index in 0..<5 { fill(index) }
      try turn(1)
    }
    #expect(reads.count > 100)
    let each = (0..<5).map { index in reads.count { $0 == index } }
    #expect(each.max()! - each.min()! <= 1)
  }

  /// Cost beyond the share of a round is owed.
  @Test func readsLessOfWhoCostsMore() throws {
    try add(3)
    noteReads { $0 == 0 ? 8 * ReadGate.share : ReadGate.share }
    for _ in 0..<100 {
      for index in 0..<3 { fill(index) }
      try turn(1)
    }
    let each = (0..<3).map { index in reads.count { $0 == index } }
    #expect(each[0] > 0)
    #expect(each[1] >= 7 * each[0] && each[2] >= 7 * each[0])
  }

  /// A stream that sends little at a time, but more than its share in all, has no precedence.
  @Test func countsTheLittleOfWhoSaysItOften() throws {
    try add(3)
    noteReads()
    for _ in 0..<100 {
      for index in 0..<2 { fill(index) }
      write(ends[2], "x", 1)
      try turn(1)
    }
    let each = (0..<3).map { index in reads.count { $0 == index } }
    #expect(each[2] <= each[0] + 2 && each[2] <= each[1] + 2)
  }

  @Test func readsAMessageLongerThanAShareBesideOthers() throws {
    try add(3)
    let length = 5 * ReadGate.share
    handlers[0].pieceCount = length
    let message = [UInt8](repeating: 5, count: length)
    var sent = 0
    for _ in 0..<1000 where counts[0] == 0 {
      for index in 1...2 { fill(index) }
      sent += max(0, write(ends[0], Array(message[sent...]), length - sent))
      try turn(1)
    }
    #expect(handlers[0].received == message)
  }

  @Test func readsOnlyWhoSaysLittleWhileItIsClosedAndHasAReserve() throws {
    try add(3)
    noteReads()
    for index in 0..<2 { fill(index) }
    try turn(1)
    var reserve = 3
    gate.hasReserve = {
      reserve -= 1
      return reserve >= 0
    }
    gate.close()
    let before = counts
    write(ends[2], "x", 1)
    try turn()
    #expect(counts == [before[0], before[1], 1])
    // The reserve is used up.
    reserve = 0
    write(ends[2], "x", 1)
    try turn()
    reserve = 1000
    try turn()
    #expect(counts == [before[0], before[1], 1])
    gate.open()
    try turn()
    #expect(counts[2] == 2 && counts[0] > before[0] && counts[1] > before[1])
  }

  // MARK: Readiness, which the kernel reports once

  @Test func readsWhatWasThereBeforeTheStream() throws {
    var pair: [Int32] = [0, 0]
    #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &pair) == 0)
    ends.append(pair[1])
    write(pair[1], "x", 1)
    handlers.append(Collector())
    streams.append(ByteStream(pair[0], gate: gate, on: loop, handler: handlers[0]))
    try turn()
    #expect(counts == [1])
  }

  @Test func readsAllUpToTheEnd() throws {
    try add(2)
    let count = 9 * 4096 + 1
    for end in ends { #expect(write(end, [UInt8](repeating: 1, count: count), count) == count) }
    for end in ends { close(end) }
    ends = []
    try turn(20)
    #expect(counts == [count, count])
    #expect(handlers.map(\.reason) == [.endOfStream, .endOfStream])
  }

  @Test func readsTheRestOfAStreamThatWasPausedInItsTurn() throws {
    try add(2)
    fill(0)
    handlers[0].onReceive = { $0.pause() }
    try turn()
    #expect(counts[0] == 4096)
    handlers[0].onReceive = { _ in }
    streams[0].resume()
    try turn(20)
    #expect(counts[0] > 4 * 4096)
  }

  /// Whatever happens to gate and streams, all bytes sent arrive in the end.
  @Test(arguments: 0..<20) func losesNothingWhateverHappens(seed: Int) throws {
    var random = SplitMix64(state: UInt64(seed))
    try add(12)
    var sent = [[UInt8]](repeating: [], count: 12)
    for _ in 0..<200 {
      let index = Int.random(in: 0..<12, using: &random)
      switch Int.random(in: 0..<10, using: &random) {
      case 0: gate.close()
      case 1, 2: gate.open()
      case 3: streams[index].pause()
      case 4, 5: streams[index].resume()
      default:
        let bytes = (0..<Int.random(in: 1...20_000, using: &random)).map { _ in
          UInt8.random(in: 0 ... .max, using: &random)
        }
        sent[index] += bytes.prefix(max(0, write(ends[index], bytes, bytes.count)))
      }
      if Bool.random(using: &random) { loop.runOnceWithin(0.001) }
    }
    gate.open()
    for stream in streams { stream.resume() }
    for _ in 0..<1000 where counts != sent.map(\.count) { loop.runOnceWithin(0.001) }
    #expect(handlers.map(\.received) == sent)
  }
}

/// Vigna's generator, so that the random numbers are the same in each run.
private struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }
}

extension EventLoop {
  /// Runs one iteration that waits at most the given seconds.
  fileprivate func runOnceWithin(_ seconds: Double) {
    let timer = TimerWatcher(on: self) {}
    timer.start(after: seconds)
    runOnce()
  }
}
