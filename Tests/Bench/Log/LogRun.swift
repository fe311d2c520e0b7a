import Bytes
import EventLoop
import Foundation
import LogProtocol

/// One load through one log server or relay, with new processes.
struct LogRun {
  /// The program between source and readers.
  enum Middle {
    case logserver
    case relay
  }

  /// A kind of reader.
  enum Reader {
    case everything
    case command(Int)
    /// A reader of a command that no record has.
    case nothing
    case coinscope
    case stuck
    case latency
    case check
  }

  /// The result of a run.
  struct Result {
    /// Seconds from the source's first byte to a reader's last byte.
    var seconds: Double
    /// Seconds of the middle's processor time.
    var processorTime: Double
    /// The middle's peak memory in bytes.
    var memory: Double
    /// Bytes that readers should have received and did not.
    var missing = 0
    /// Nanoseconds from source to reader: median and 99th percentile.
    var latency: (median: Double, late: Double) = (0, 0)
  }

  var middle = Middle.logserver
  var load: Load
  var readers: [Reader]
  var pace = 0
  var settings: [String] = []
  /// Whether the source speaks coinscope's protocol.
  var isCoinscope = false

  func run() throws -> Result {
    let folder = NSTemporaryDirectory() + "netmine-bench-\(UInt32.random(in: 0 ... .max))/"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let isBare = middle == .relay
    let middle = try startMiddle(folder)
    let source = try Child(
      [
        "log-source", "--path", folder + (isCoinscope ? "servers" : "publish"), "--payload",
        "\(load.payload)", "--records",
        "\(load.records)",
      ]
        + ["--pace", "\(pace)"] + (isBare ? ["--bare"] : isCoinscope ? ["--coinscope"] : []),
      in: folder
    )
    if !isBare { _ = try source.line() }
    let children = try readers.map { try start($0, folder, isBare) }
    if isBare { _ = try source.line() }
    if !isBare { try awaitReaders(folder) }
    let before = middle.processorTime
    source.say("go")
    let times = try source.numbers()
    var result = Result(seconds: (times[2] - times[0]) * 1e-9, processorTime: 0, memory: 0)
    var end = isBare || !children.contains { $0.expected > 0 } ? times[1] : 0
    for (child, expected) in children where expected > 0 {
      let numbers = try child.numbers()
      end = max(end, numbers[0])
      result.missing += max(0, expected - Int(numbers[1]))
      if numbers[4] > 0 { result.latency = (numbers[3], numbers[4]) }
    }
    if end > 0 { result.seconds = (end - times[0]) * 1e-9 }
    result.processorTime = middle.processorTime - before
    result.memory = middle.peakMemory
    return result
  }

  private func startMiddle(_ folder: String) throws -> Child {
    switch middle {
    case .relay:
      let child = try Child(["bare-relay", "--folder", folder, "--readers", "\(readers.count)"], in: folder)
      _ = try child.line()
      return child
    case .logserver:
      let settings = (["logger.archive_grace=0.0"] + settings).flatMap { ["--set", $0] }
      let child = try Child("logserver", ["--root", folder] + settings, in: folder)
      let deadline = Clock.monotonic() + 10_000_000_000
      while (try? BlockingSocket(connectingTo: folder + "clients/all")).map({ close($0.descriptor) }) == nil {
        guard Clock.monotonic() < deadline else { throw IOError("start the log server", code: ETIMEDOUT) }
        usleep(5000)
      }
      return child
    }
  }

  /// Starts a reader; `expected` is the number of record bytes that it should receive.
  private func start(_ reader: Reader, _ folder: String, _ isBare: Bool) throws -> (
    child: Child, expected: Int
  ) {
    var expected = load.records * load.recordSize
    var options = isBare ? ["--bare"] : []
    var path = folder + "subscribe"
    switch reader {
    case .everything: break
    case .check: options += ["--mode", "check"]
    case .latency: options += ["--mode", "latency"]
    case .stuck:
      expected = 0
      options += ["--mode", "stuck"]
    case .nothing:
      expected = 0
      options += ["--command", "nothing", "--mode", "stuck"]
    case .command(let index):
      let period = RecordBlock.rarity * RecordBlock.commandCount
      expected = load.records / period * load.recordSize
      options += ["--command", RecordBlock.command(index).description]
    case .coinscope:
      expected = load.records * load.coinscopeSize
      options += ["--bare"]
      path = folder + "clients/bitcoin_msg"
    }
    let child = try Child(
      ["log-reader", "--path", path, "--payload", "\(load.payload)", "--bytes", "\(expected)"] + options,
      in: folder
    )
    _ = try child.line()
    return (child, expected)
  }

  /// Waits until the log server has accepted every reader.
  private func awaitReaders(_ folder: String) throws {
    let socket = try BlockingSocket(connectingTo: folder + "subscribe")
    defer { close(socket.descriptor) }
    var count = 0
    while count < readers.count {
      try socket.write(LinkMessage.statusRequest.record(at: Clock.now()))
      try socket.readRecords { _, body in
        guard case .status(let status)? = try LinkMessage(body.bytes) else { return false }
        count = Int(status.readers)
        return true
      }
    }
  }
}
