import Bytes
import EventLoop
import Glibc
import LogProtocol
import Observations

/// Every message that went to and came from observers, in a file of the log format (docs/log-format.md): what the
/// other ends of an observer's connections saw.
///
/// Connections and messages are as a connector would write them, seen from the node: what it sent bears the flag for
/// sent. A message's time is when it was handed to the kernel, right before.
final class MessageTruth {
  /// The source that the records name: a network is one.
  static let source: UInt32 = 1

  /// Whether payloads are written too.
  let wantsPayloads: Bool

  private let descriptor: Int32
  private let path: String
  private let buffer = Chunk(capacity: 1 << 20)
  private var count = 0
  private var sequence: UInt64 = 0
  private var failure: IOError?

  /// Starts a file anew.
  init(path: String, wantsPayloads: Bool) throws(IOError) {
    self.path = path
    self.wantsPayloads = wantsPayloads
    descriptor = try FileOutput.create(path)
    append(StreamPreamble.bytes(createdAt: Clock.now()))
  }

  deinit { Glibc.close(descriptor) }

  /// Appends a connection event.
  func append(_ event: ConnectionEvent, of connection: UInt32) {
    sequence += 1
    let header = RecordHeader(
      type: .connection,
      source: Self.source,
      time: Clock.now(),
      sequence: sequence,
      connection: connection,
      bodyCount: 0
    )
    append(header.record(body: event.body))
  }

  /// Appends a message, or what is wanted of it.
  func append(_ flags: RecordFlags, _ connection: UInt32, _ message: UnsafeRawBufferPointer, at time: UInt64)
  {
    sequence += 1
    let isCut = !wantsPayloads && message.count > MessageTrail.headerCount
    let body = isCut ? UnsafeRawBufferPointer(rebasing: message[..<MessageTrail.headerCount]) : message
    let header = RecordHeader(
      type: .message,
      flags: isCut ? flags.union(.truncated) : flags,
      source: Self.source,
      time: time,
      sequence: sequence,
      connection: connection,
      bodyCount: body.count
    )
    let room = buffer.capacity - count
    if room < header.recordCount { write() }
    guard header.recordCount <= buffer.capacity else {
      withUnsafeTemporaryAllocation(byteCount: RecordHeader.size, alignment: 8) { space in
        header.write(to: space.baseAddress!)
        write(UnsafeRawBufferPointer(space))
      }
      return write(body)
    }
    header.write(to: buffer.base + count)
    memcpy(buffer.base + count + RecordHeader.size, body.baseAddress!, body.count)
    count += header.recordCount
  }

  /// Writes what has been gathered; throws what went wrong since the last time.
  func flush() throws(IOError) {
    write()
    if let failure {
      self.failure = nil
      throw failure
    }
  }

  private func append(_ bytes: [UInt8]) {
    if buffer.capacity - count < bytes.count { write() }
    bytes.withUnsafeBytes { _ = memcpy(buffer.base + count, $0.baseAddress!, $0.count) }
    count += bytes.count
  }

  private func write() {
    write(buffer.bytes(0..<count))
    count = 0
  }

  private func write(_ bytes: UnsafeRawBufferPointer) {
    do throws(IOError) { try FileOutput.write(bytes, to: descriptor, path: path) } catch { failure = error }
  }
}
