import ArgumentParser
import Bytes
import EventLoop
import Glibc
import LogProtocol

/// `bench message-reader`: reads the stream of a log server until so many messages of the bench's nodes have come, each
/// looked at whether it is what they send; for `bench connector`.
struct MessageReader: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "message-reader", shouldDisplay: false)

  @Option var path: String
  /// How many messages will come.
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
    emit("\(end) \(tally.count) \(tally.wrong) \(tally.dropped)")
  }
}

/// Counts the messages of the bench's nodes among records.
private struct MessageTally {
  private(set) var count = 0
  /// Messages that are not what was sent.
  private(set) var wrong = 0
  /// Records that the stream says are missing.
  private(set) var dropped: UInt64 = 0
  /// Whether the source has been named.
  private(set) var isJoined = false
  private let message = PeersProcess.message

  /// Takes whole records; returns how many bytes they have.
  mutating func take(_ bytes: UnsafeRawBufferPointer) throws -> Int {
    var cursor = RecordCursor(bytes)
    while let (header, range) = try cursor.next() {
      let body = UnsafeRawBufferPointer(rebasing: bytes[range].dropFirst(RecordHeader.size))
      switch header.type {
      case .message where body.count == message.count && !header.flags.contains(.sent):
        if memcmp(body.baseAddress!, message, message.count) == 0 { count += 1 } else { wrong += 1 }
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
