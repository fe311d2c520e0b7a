import ArgumentParser
import BitcoinWire
import Bytes
import EventLoop
import Foundation
import LogProtocol
import Observations

/// `bench log-source`: publishes a load as fast as it is accepted, or at a pace. For `bench log`.
struct LogSourceProcess: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "log-source", shouldDisplay: false)

  @Option var path: String
  @Option var payload: Int
  @Option var records: Int
  /// Records per second; 0 for as fast as they are accepted.
  @Option var pace = 0
  /// Whether the other end is a relay, which sends nothing.
  @Flag var bare = false
  /// Whether the other end is a socket for coinscope's sources, which sends nothing.
  @Flag var coinscope = false

  func run() throws {
    let socket = try BlockingSocket(connectingTo: path)
    let load = Load(payload: payload, records: records)
    if coinscope { return try runCoinscope(socket, load) }
    let source = bare ? 1 : try join(socket)
    let block = RecordBlock(load, source: source)
    emit("ready")
    _ = readLine()
    let start = Clock.monotonic()
    if pace > 0 { try send(block, to: socket, pace: pace) } else { try send(block, to: socket) }
    let sent = Clock.monotonic()
    if !bare {
      try socket.readRecords { _, body in
        guard case .acknowledge(let sequences)? = try LinkMessage(body.bytes) else { return false }
        return sequences[source] == UInt64(records)
      }
    }
    emit("\(start) \(sent) \(Clock.monotonic())")
    _ = readLine()
  }

  /// Sends the load in coinscope's format.
  private func runCoinscope(_ socket: BlockingSocket, _ load: Load) throws {
    let message = Network.mainnet.frame("inv", payload: [UInt8](repeating: 1, count: payload))
    var record: [UInt8] = []
    record.appendBig(UInt32(14 + message.count))
    record.append(UInt8(RecordType.message.rawValue))
    record.appendBig(UInt64(1))
    record.appendBig(UInt32(1))
    record.append(0)
    record += message
    let count = max(1, (256 << 10) / record.count)
    let block = [UInt8](Array(repeating: record, count: count).joined())
    emit("ready")
    _ = readLine()
    let start = Clock.monotonic()
    var sent = 0
    while sent < records {
      let due = min(count, records - sent)
      try block.withUnsafeBytes {
        try socket.write(UnsafeRawBufferPointer(rebasing: $0[..<(due * record.count)]))
      }
      sent += due
    }
    emit("\(start) \(Clock.monotonic()) \(Clock.monotonic())")
    _ = readLine()
  }

  /// Says hello; returns the granted id.
  private func join(_ socket: BlockingSocket) throws -> UInt32 {
    let now = Clock.now()
    let hello = LinkMessage.hello(
      SourceIdentity(),
      SourceDescription(process: UInt32(getpid()), kind: "bench", name: "", version: "")
    )
    try socket.write(StreamPreamble.bytes(createdAt: now) + hello.record(at: now))
    var granted: UInt32 = 0
    try socket.readRecords { _, body in
      guard case .grant(let source, _, _)? = try LinkMessage(body.bytes) else { return false }
      granted = source
      return true
    }
    return granted
  }

  private func send(_ block: RecordBlock, to socket: BlockingSocket) throws {
    var sequence: UInt64 = 1
    while sequence <= UInt64(records) {
      let count = min(block.count, records + 1 - Int(sequence))
      try socket.write(block.number(count, from: sequence))
      sequence += UInt64(count)
    }
  }

  /// Sends the records that are due, every 50 µs or so, stamped with the current time.
  private func send(_ block: RecordBlock, to socket: BlockingSocket, pace: Int) throws {
    let start = Clock.monotonic()
    var sent = 0
    while sent < records {
      let due = min(records, Int(Double(Clock.monotonic() - start) * 1e-9 * Double(pace)))
      let index = sent % block.count
      let count = min(block.count - index, due - sent)
      if count > 0 {
        try socket.write(block.number(count, at: index, from: UInt64(sent + 1), time: Clock.monotonic()))
        sent += count
      } else {
        usleep(20)
      }
    }
  }
}
