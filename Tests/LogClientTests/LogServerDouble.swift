import Bytes
import EventLoop
import LogProtocol
import Observations

/// A test double of the log server's reader side, on the loop of the program under test. It records the
/// readers' messages and sends what a test gives it.
final class LogServerDouble: ByteStreamHandler {
  private(set) var subscriptions: [(Subscription, positions: [ArchivePosition])] = []
  private(set) var acknowledged: [UInt32: UInt64] = [:]
  private(set) var goodbyes = 0

  /// Bytes to send to each reader that subscribes.
  var greeting: [UInt8] = []

  /// Returns more bytes to send after the greeting, given the reader's positions.
  var resend: ([ArchivePosition]) -> [UInt8] = { _ in [] }

  private var streams: [ByteStream] = []
  private var readers: [ByteStream] = []
  private let loop: EventLoop
  private var listener: Listener?

  init(at path: String, on loop: EventLoop) throws {
    self.loop = loop
    listener = try Listener(
      on: .unix(path),
      loop: loop,
      accept: { [unowned self] descriptor, _ in
        streams.append(ByteStream(descriptor, on: loop, handler: self))
      },
      fail: { _ in }
    )
  }

  func send(_ records: [UInt8]...) {
    for reader in readers { for record in records { reader.write(record) } }
  }

  /// Whether the kernel has accepted all sent bytes.
  var hasSentAll: Bool { readers.allSatisfy { $0.unsentCount == 0 } }

  func disconnect() { for stream in streams { stream.close(.closed("test")) } }

  func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int {
    var cursor = RecordCursor(slice.bytes)
    while let (_, range) = try? cursor.next() {
      let body = UnsafeRawBufferPointer(rebasing: slice.bytes[range].dropFirst(RecordHeader.size))
      switch try? LinkMessage(body.bytes) {
      case .subscribe(let subscription, let positions)?:
        subscriptions.append((subscription, positions))
        stream.write(StreamPreamble.bytes(createdAt: 0))
        stream.write(greeting)
        stream.write(resend(positions))
        readers.append(stream)
      case .acknowledge(let sequences)?: acknowledged.merge(sequences) { max($0, $1) }
      case .goodbye?: goodbyes += 1
      default: break
      }
    }
    return cursor.offset
  }

  func stream(_ stream: ByteStream, closedFor reason: CloseReason) {
    streams.removeAll { $0 === stream }
    readers.removeAll { $0 === stream }
  }
}

extension EventLoop {
  /// Runs until a condition holds; returns false if it does not within a minute.
  func run(until condition: () -> Bool) -> Bool {
    let timer = TimerWatcher(on: self) {}
    timer.start(after: 0.01, every: 0.01)
    let end = Clock.monotonic() + 60_000_000_000
    while !condition(), Clock.monotonic() < end { runOnce() }
    timer.cancel()
    return condition()
  }

  /// Runs N iterations of the loop.
  func runTurns(_ count: Int = 20) {
    var turns = 0
    _ = run {
      turns += 1
      return turns > count
    }
  }
}
