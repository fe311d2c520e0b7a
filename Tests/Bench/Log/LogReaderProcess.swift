import ArgumentParser
import BitcoinWire
import Bytes
import EventLoop
import Foundation
import LogProtocol
import Observations

/// `bench log-reader`: reads a load. For `bench log`.
struct LogReaderProcess: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "log-reader", shouldDisplay: false)

  /// The way in which the load is read.
  enum Mode: String, ExpressibleByArgument, CaseIterable {
    /// Only counts the bytes.
    case count
    /// Checks every byte of every record.
    case check
    /// Measures the time from each record's stamp until it is read.
    case latency
    /// Never reads.
    case stuck
  }

  @Option var path: String
  @Option var payload: Int
  /// The number of bytes of records to wait for.
  @Option var bytes: Int
  /// The only command to subscribe to; empty for everything.
  @Option var command = ""
  @Option var mode = Mode.count
  /// Whether to send no subscription, because the other end is a relay or a socket for coinscope's readers.
  @Flag var bare = false

  func run() throws {
    let socket = try BlockingSocket(connectingTo: path)
    if !bare { try subscribe(socket) }
    emit("ready")
    if mode == .stuck {
      _ = readLine()
      return
    }
    socket.limitReads(seconds: 3)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)
    var total = 0
    var end = Clock.monotonic()
    var check = RecordCheck(payload: payload)
    var waits: [UInt32] = []
    while total < bytes {
      guard let count = try socket.read(into: buffer), count > 0 else { break }
      total += count
      end = Clock.monotonic()
      switch mode {
      case .count, .stuck: break
      case .check: try check.take(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      case .latency:
        try check.take(UnsafeRawBufferPointer(rebasing: buffer[..<count])) { time in
          waits.append(UInt32(clamping: end - time))
        }
      }
    }
    waits.sort()
    let median = waits.isEmpty ? 0 : waits[waits.count / 2]
    let late = waits.isEmpty ? 0 : waits[waits.count * 99 / 100]
    emit("\(end) \(total) \(check.count) \(median) \(late)")
  }

  private func subscribe(_ socket: BlockingSocket) throws {
    var subscription = Subscription()
    if let command = Command(command) { subscription.commands = [command] }
    let now = Clock.now()
    let link = LinkMessage.subscribe(subscription, positions: [])
    try socket.write(StreamPreamble.bytes(createdAt: now) + link.record(at: now))
    try socket.readRecords { _, body in
      guard case .sourceJoined? = try? MetaBody(body.bytes) else { return false }
      return true
    }
  }
}

/// Checks every record that a source of the bench sent.
struct RecordCheck {
  private(set) var count = 0
  private var rest: [UInt8] = []
  private let expected: RecordBlock
  private var last: UInt64 = 0

  init(payload: Int) { expected = RecordBlock(Load(payload: payload, records: 0), source: 0) }

  /// Checks the next bytes; throws if a record is not the next one or differs from the one sent.
  mutating func take(_ bytes: UnsafeRawBufferPointer, stamp: (UInt64) -> Void = { _ in }) throws {
    rest += bytes
    let used = try rest.withUnsafeBytes { rest in
      var cursor = RecordCursor(rest)
      while let (header, range) = try cursor.next() {
        guard header.type == .message else { throw Surprise(text: "a record of type \(header.type.name)") }
        guard header.sequence == last + 1 else { throw Surprise(text: "\(header.sequence) after \(last)") }
        last = header.sequence
        let index = Int((header.sequence - 1) % UInt64(expected.count))
        // Compare from the connection id on: sequence and time are checked or set elsewhere.
        let body = expected.bytes.baseAddress! + index * expected.size + 28
        let isSame = memcmp(rest.baseAddress! + range.lowerBound + 28, body, expected.size - 28) == 0
        guard range.count == expected.size, isSame else {
          throw Surprise(text: "record \(header.sequence) is not as it was sent")
        }
        stamp(header.time)
        count += 1
      }
      return cursor.offset
    }
    rest.removeFirst(used)
  }

  /// A record that was not sent.
  struct Surprise: Error, CustomStringConvertible {
    let text: String
    var description: String { "got \(text)" }
  }
}
