import BitcoinWire
import Bytes
import ControlProtocol
import EventLoop
import Foundation

/// A connector with its log server and nodes.
final class ConnectorDeployment {
  private let folder: String
  private let server: Child
  private let connector: Child
  private let nodes: Child
  private let client: ControlConnection
  private let ports: [UInt16]
  private let count: Int
  private var report: (ControlFigure) -> Void = { _ in }

  init(_ folder: String, connections count: Int) throws {
    self.folder = folder
    self.count = count
    server = try Child("logserver", ["--root", folder, "--set", "logger.archive_grace=0.0"], in: folder)
    nodes = try Child(["peers", "--ports", "\((count + 999) / 1000)"], in: folder)
    ports = try nodes.numbers().map { UInt16($0) }
    let settings = ["connector.network=regtest", "connector.bitcoin.ping_frequency=120.0"]
    connector = try Child("connector", ["--root", folder] + settings.flatMap { ["--set", $0] }, in: folder)
    client = try ControlConnection(folder + "control")
  }

  /// Measures everything, and passes each figure to `report` when it is known.
  func measure(seconds: Int, messages: Int, rate: Int, report: @escaping (ControlFigure) -> Void) throws {
    self.report = report
    try connect()
    try rest(seconds)
    try flood(max(1, messages / count))
    try day(seconds, rate)
    try stampsOnABusyMachine(seconds, rate / 3)
    add("connector's peak memory", connector.peakMemory / 1e6, "MB")
  }

  private func add(_ name: String, _ value: Double, _ unit: String) {
    report(ControlFigure(name: "  \(name)", value: value, unit: unit))
  }

  private func connect() throws {
    // The first connections include one-time costs, so they are not counted.
    _ = try open(20)
    Thread.sleep(forTimeInterval: 1)
    let memory = connector.memory
    let (processor, nodesProcessor) = (connector.processorTime, nodes.processorTime)
    let seconds = try open(count - 20)
    add("handshakes a second, all on one machine", Double(count - 20) / seconds, "/s")
    add("  connector's cpu for each", (connector.processorTime - processor) / Double(count - 20) * 1e6, "µs")
    add("  nodes' cpu for each", (nodes.processorTime - nodesProcessor) / Double(count - 20) * 1e6, "µs")
    Thread.sleep(forTimeInterval: 2)
    add("resident memory a connection", (connector.memory - memory) / Double(count - 20) / 1024, "KiB")
  }

  /// Opens `number` connections; returns the seconds until all handshakes are done.
  private func open(_ number: Int) throws -> Double {
    let start = Clock.monotonic()
    var left = number
    while left > 0 {
      let part = min(left, 10_000)
      let targets = (0..<part).map {
        ConnectTarget(another: Endpoint(.ipv4(0x7f00_0001), port: ports[$0 % ports.count]))
      }
      guard case .connecting = try client.ask(.connect(targets)) else {
        throw IOError("connect", code: EPROTO)
      }
      left -= part
    }
    var done = 0
    try client.awaitEvents { event in
      switch event {
      case .handshaken: done += 1
      case .connectFailed(_, let outcome): emit("failed: \(outcome.code.name)")
      default: break
      }
      return done == number
    }
    return Double(Clock.monotonic() - start) * 1e-9
  }

  private func rest(_ seconds: Int) throws {
    let before = connector.processorTime
    let start = Clock.monotonic()
    Thread.sleep(forTimeInterval: Double(seconds))
    let duration = Double(Clock.monotonic() - start) * 1e-9
    add(
      "share of a core at rest, each pinged every 120 s",
      (connector.processorTime - before) / duration * 100,
      "%"
    )
  }

  /// Each node sends `each` messages as fast as it can.
  private func flood(_ each: Int) throws {
    let total = each * count
    let reader = try reader(of: total)
    let before = (connector.processorTime, server.processorTime)
    nodes.say("blast \(each)")
    let start = UInt64(try nodes.line())!
    let result = try check(reader, total)
    let seconds = Double(UInt64(result[0]) - start) * 1e-9
    add("flood, messages a second until the reader has them", Double(total) / seconds, "/s")
    add("  connector's cpu for each", (connector.processorTime - before.0) / Double(total) * 1e6, "µs")
    add("  log server's cpu for each", (server.processorTime - before.1) / Double(total) * 1e6, "µs")
  }

  /// Measures messages at random times.
  private func day(_ seconds: Int, _ rate: Int) throws {
    let reader = try reader(of: seconds * rate)
    let before = (connector.processorTime, server.processorTime)
    let start = Clock.monotonic()
    nodes.say("flood \(rate)")
    Thread.sleep(forTimeInterval: Double(seconds) + 0.1)
    let duration = Double(Clock.monotonic() - start) * 1e-9
    let used = (connector.processorTime - before.0, server.processorTime - before.1)
    nodes.say("flood 0")
    let sent = try nodes.numbers()[0]
    let numbers = try check(reader, seconds * rate)
    add("at random times, messages a second", sent / duration, "/s")
    add("  connector's share of a core", used.0 / duration * 100, "%")
    add("  log server's share of a core", used.1 / duration * 100, "%")
    let bare = try bareShare(seconds, rate)
    add("  a process that does nothing but read them", bare * 100, "%")
    add("  connector's over that", used.0 / duration / bare, "")
    tellStamps(numbers)
  }

  /// The share of a core that a bare reader needs for the same messages at random times, from as many other
  /// nodes.
  private func bareShare(_ seconds: Int, _ rate: Int) throws -> Double {
    let nodes = try Child(["peers", "--ports", "\(ports.count)"], in: folder)
    let ports = try nodes.line().split(separator: " ").map(String.init)
    let reader = try Child(["bare-reader", "--count", "\(count)", "--ports"] + ports, in: folder)
    _ = try reader.line()
    let before = reader.processorTime
    let start = Clock.monotonic()
    nodes.say("flood \(rate)")
    Thread.sleep(forTimeInterval: Double(seconds))
    let used = reader.processorTime - before
    let duration = Double(Clock.monotonic() - start) * 1e-9
    nodes.say("flood 0")
    let sent = try nodes.numbers()[0]
    Thread.sleep(forTimeInterval: 0.5)
    reader.closeInput()
    let bytes = try reader.numbers()[0]
    guard bytes >= sent * Double(PeersProcess.message.count) else {
      throw IOError("read \(bytes) bytes of \(sent) messages", code: EPROTO)
    }
    return used / duration
  }

  private func tellStamps(_ numbers: [Double]) {
    add("  messages alone in their read", numbers[4] / (numbers[4] + numbers[8]) * 100, "%")
    add("    stamped after their sending, median", numbers[5] / 1000, "µs")
    add("    99 of 100", numbers[6] / 1000, "µs")
    add("    999 of 1000", numbers[7] / 1000, "µs")
    add("  others, 99 of 100", numbers[10] / 1000, "µs")
  }

  /// Measures messages at random times while other processes use the whole machine.
  private func stampsOnABusyMachine(_ seconds: Int, _ rate: Int) throws {
    let burners = try (0..<6).map { _ in try Child(["burner"], in: folder) }
    let reader = try reader(of: seconds * rate)
    nodes.say("flood \(rate)")
    Thread.sleep(forTimeInterval: Double(seconds) + 0.1)
    nodes.say("flood 0")
    _ = try nodes.line()
    let numbers = try check(reader, seconds * rate)
    for burner in burners { burner.end() }
    add("a third as many, beside six busy processes", numbers[1], "messages")
    tellStamps(numbers)
  }

  private func reader(of count: Int) throws -> Child {
    let reader = try Child(
      ["message-reader", "--path", folder + "subscribe", "--count", "\(count)"],
      in: folder
    )
    _ = try reader.line()
    return reader
  }

  /// Waits until a reader has received everything; returns its numbers (see `MessageReader`).
  private func check(_ reader: Child, _ count: Int) throws -> [Double] {
    let numbers = try reader.numbers()
    guard numbers[1] >= Double(count), numbers[2] == 0, numbers[3] == 0 else {
      throw IOError(
        "read \(numbers[1]) of \(count) messages, \(numbers[2]) wrong, \(numbers[3]) missing",
        code: EPROTO
      )
    }
    return numbers
  }
}

extension ConnectTarget {
  /// A target that may be connected already: the bench's nodes have few endpoints.
  init(another remote: Endpoint) {
    self.init(remote)
    isAnother = true
  }
}
