import Bytes
import EventLoop
import Glibc
import LogProtocol
import Observations

/// A file in the log format (docs/log-format.md) with every message to and from observers: the other ends'
/// view of an observer's connections.
///
/// Records are like a connector's, but from the node's point of view: messages that the node sent have the
/// flag `sent`. A sent message's time is right before it was handed to the kernel.
final class MessageTruth {
  /// The source id of all records.
  static let source: UInt32 = 1

  /// Whether payloads are written.
  let wantsPayloads: Bool

  private let descriptor: Int32
  private let path: String
  private let buffer = Chunk(capacity: 1 << 20)
  private var count = 0
  private var sequence: UInt64 = 0
  private var failure: IOError?

  /// Creates or truncates the file.
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

  /// Appends a message, or only its header if payloads are not written.
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

  /// Writes the buffered records.
  ///
  /// - Throws: the last error since the last call.
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
