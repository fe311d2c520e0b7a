import ArgumentParser
import Bytes
import EventLoop
import Glibc
import LogProtocol
import Observations

/// `bench message-reader`: reads the stream of a log server until `count` messages of the bench's nodes have
/// come, and checks each one. For `bench connector`.
///
/// At the end it prints: the monotonic time of the last message in ns, the number of messages, the number of
/// wrong messages, and the number of missing records. Then it prints the delays of the time stamps of
/// messages that carry their sending time, in ns, first for messages that were alone in their read, then for
/// the others: number, median, 99th and 99.9th percentile.
struct MessageReader: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "message-reader", shouldDisplay: false)

  @Option var path: String
  /// The number of messages to wait for.
  @Option var count: Int

  func run() throws {
    let socket = try BlockingSocket(connectingTo: path)
    let now = Clock.now()
    let link = LinkMessage.subscribe(Subscription(), positions: [])
    try socket.write(StreamPreamble.bytes(createdAt: now) + link.record(at: now))
    socket.limitReads(seconds: 20)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
    var tally = MessageTally()
    var isReady = false
    var filled = 0
    var end = Clock.monotonic()
    while tally.count < count {
      let room = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
      guard let length = try socket.read(into: room), length > 0 else { break }
      end = Clock.monotonic()
      filled += length
      let used = try tally.take(UnsafeRawBufferPointer(rebasing: buffer[..<filled]))
      if !isReady, tally.isJoined {
        emit("ready")
        isReady = true
      }
      memmove(buffer.baseAddress!, buffer.baseAddress! + used, filled - used)
      filled -= used
    }
    emit("\(end) \(tally.count) \(tally.wrong) \(tally.dropped) \(tally.alone.line) \(tally.together.line)")
  }
}

/// Counts the messages of the bench's nodes among records.
private struct MessageTally {
  private(set) var count = 0
  /// Messages that differ from the ones sent.
  private(set) var wrong = 0
  /// Records that are missing according to gap records.
  private(set) var dropped: UInt64 = 0
  /// Whether the source has joined.
  private(set) var isJoined = false
  /// Delays of time stamps, for messages alone in their read and for others.
  private(set) var alone = Lateness()
  private(set) var together = Lateness()
  private let message = PeersProcess.message

  /// Whether it is a message with its sending time: all other bytes match, except for the checksum.
  private func isStamped(_ body: UnsafeRawBufferPointer) -> Bool {
    let base = body.baseAddress!
    return message.withUnsafeBytes {
      memcmp(base, $0.baseAddress!, 20) == 0 && memcmp(base + 24, $0.baseAddress! + 24, 5) == 0
        && memcmp(base + 37, $0.baseAddress! + 37, 24) == 0
    }
  }

  /// Counts whole records; returns the number of bytes used.
  mutating func take(_ bytes: UnsafeRawBufferPointer) throws -> Int {
    var cursor = RecordCursor(bytes)
    while let (header, range) = try cursor.next() {
      let body = UnsafeRawBufferPointer(rebasing: bytes[range].dropFirst(RecordHeader.size))
      switch header.type {
      case .message where body.count == message.count && !header.flags.contains(.sent):
        if memcmp(body.baseAddress!, message, message.count) == 0 {
          count += 1
        } else if isStamped(body) {
          count += 1
          let sent = UInt64(littleEndian: body.loadUnaligned(fromByteOffset: 29, as: UInt64.self))
          let late = Int64(bitPattern: header.time &- sent)
          if header.flags.contains(.upperBound) { together.add(late) } else { alone.add(late) }
        } else {
          wrong += 1
        }
      case .meta:
        switch try? MetaBody(body.bytes) {
        case .gap(let gap): dropped += gap.count
        case .sourceJoined: isJoined = true
        default: break
        }
      default: break
      }
    }
    return cursor.offset
  }
}

/// Delays of time stamps.
private struct Lateness {
  private var values: [Int64] = []

  mutating func add(_ value: Int64) { values.append(value) }

  /// The number, the median, and the 99th and 99.9th percentile.
  var line: String {
    let sorted = values.sorted()
    func at(_ share: Double) -> Int64 { sorted.isEmpty ? 0 : sorted[Int(Double(sorted.count - 1) * share)] }
    return "\(sorted.count) \(at(0.5)) \(at(0.99)) \(at(0.999))"
  }
}
