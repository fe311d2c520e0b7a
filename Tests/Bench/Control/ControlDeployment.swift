import BitcoinWire
import Bytes
import ControlProtocol
import EventLoop
import Foundation

/// A connector with its log server, nodes, and a client that measures.
final class ControlDeployment {
  private let server: Child
  private let connector: Child
  private let nodes: Child
  private let bareNodes: Child
  private let bare: Child
  private let client: ControlConnection
  private let port: UInt16
  private let count: Int
  private var figures: [ControlFigure] = []

  /// A message of 61 bytes: an announcement.
  private let message = Network.regtest.frame("inv", payload: [1] + [UInt8](repeating: 2, count: 36))

  init(_ folder: String, peers count: Int) throws {
    self.count = count
    server = try Child("logserver", ["--root", folder, "--set", "logger.archive_grace=0.0"], in: folder)
    nodes = try Child(["peers"], in: folder)
    port = UInt16(try nodes.numbers()[0])
    let settings = ["connector.network=regtest", "connector.bitcoin.ping_frequency=0.0"]
    connector = try Child("connector", ["--root", folder] + settings.flatMap { ["--set", $0] }, in: folder)
    client = try ControlConnection(folder + "control")
    // One process may not have enough descriptors for both.
    bareNodes = try Child(["peers"], in: folder)
    let size = [
      "--port", "\(UInt16(try bareNodes.numbers()[0]))", "--count", "\(count)", "--size", "\(message.count)",
    ]
    bare = try Child(["bare-sender"] + size, in: folder)
    _ = try bare.line()
  }

  /// Measures everything.
  func measure(samples: Int) throws -> [ControlFigure] {
    try connectAll()
    try list(samples: samples)
    try broadcast(samples: samples)
    try broadcastManyTimes(samples: max(3, samples / 3))
    try roundTrips()
    return figures
  }

  private func add(_ name: String, _ value: Double, _ unit: String) {
    figures.append(ControlFigure(name: name, value: value, unit: unit))
  }

  private func connectAll() throws {
    let target = ConnectTarget(another: Endpoint(.ipv4(0x7f00_0001), port: port))
    let start = Clock.monotonic()
    let before = connector.processorTime
    let reply = try client.ask(.connect(Array(repeating: target, count: min(count, 10_000))))
    guard case .connecting = reply else { throw IOError("connect", code: EPROTO) }
    let accepted = Double(Clock.monotonic() - start) * 1e-9
    var open = 0
    try client.awaitEvents { event in
      if case .handshaken = event { open += 1 }
      if case .connectFailed = event { open += 1 }
      return open == count
    }
    let done = Double(Clock.monotonic() - start) * 1e-9
    add("connect requests accepted a second", Double(count) / accepted, "/s")
    add("handshakes done a second, on one machine with the nodes", Double(count) / done, "/s")
    add("connector's processor time for each", (connector.processorTime - before) / Double(count) * 1e6, "µs")
    // Messages that nodes are sent right after the handshake must not count.
    Thread.sleep(forTimeInterval: 0.5)
  }

  private func list(samples: Int) throws {
    let times = try (0..<samples).map { _ in
      let start = Clock.monotonic()
      var after: UInt32 = 0
      var seen = 0
      repeat {
        guard case .connections(let page, let next) = try client.ask(.listConnections(after: after, limit: 0))
        else {
          throw IOError("list", code: EPROTO)
        }
        seen += page.count
        after = next
      } while after != 0
      guard seen == count else { throw IOError("list \(seen) of \(count) connections", code: EPROTO) }
      return Double(Clock.monotonic() - start) * 1e-6
    }
    add("list of \(count) connections", Meter.median(times), "ms")
  }

  /// The seconds from `start` until all nodes have the expected bytes.
  private func time(bytes: Int, at nodes: Child, _ start: () throws -> UInt64) throws -> Double {
    nodes.say("expect \(bytes)")
    _ = try nodes.line()
    let begin = try start()
    return Double(UInt64(try nodes.line())! - begin) * 1e-9
  }

  private func broadcast(samples: Int) throws {
    var ours: [Double] = []
    var theirs: [Double] = []
    var ratios: [Double] = []
    var processor: [Double] = []
    var bareProcessor: [Double] = []
    for _ in 0..<samples {
      let bareTime = try time(bytes: count * message.count, at: bareNodes) {
        bare.say("1")
        let numbers = try bare.numbers()
        bareProcessor.append(numbers[2] / Double(count) * 1e6)
        return UInt64(numbers[0])
      }
      let before = connector.processorTime
      let time = try time(bytes: count * message.count, at: nodes) {
        let now = Clock.monotonic()
        try client.send([.send(SendRequest(.message(message), to: .all))])
        return now
      }
      processor.append((connector.processorTime - before) / Double(count) * 1e6)
      try client.awaitSent(1)
      ours.append(time)
      theirs.append(bareTime)
      ratios.append(bareTime / time)
    }
    add("a broadcast of 61 bytes to \(count)", Meter.median(ours) * 1000, "ms")
    add("  messages a second", Double(count) / Meter.median(ours), "/s")
    add("  bare loop of send, messages a second", Double(count) / Meter.median(theirs), "/s")
    add("  ratio", Meter.median(ratios), "× the bare loop")
    add("  cpu a message", Meter.median(processor), "µs")
    add("  bare loop's cpu a message", Meter.median(bareProcessor), "µs")
  }

  private func broadcastManyTimes(samples: Int) throws {
    let rounds = 100
    guard case .messageRegistered(let id) = try client.ask(.registerMessage(message)) else {
      throw IOError("register", code: EPROTO)
    }
    var times: [Double] = []
    var processor: [Double] = []
    for _ in 0..<samples {
      let before = connector.processorTime
      let time = try time(bytes: rounds * count * message.count, at: nodes) {
        let now = Clock.monotonic()
        try client.send(Array(repeating: .send(SendRequest(.registered(id), to: .all)), count: rounds))
        return now
      }
      processor.append((connector.processorTime - before) / Double(rounds * count) * 1e6)
      try client.awaitSent(rounds)
      times.append(time)
    }
    guard case .statistics(let statistics) = try client.ask(.statistics) else {
      throw IOError("ask", code: EPROTO)
    }
    add("100 broadcasts back to back, messages a second", Double(rounds * count) / Meter.median(times), "/s")
    add("  cpu a message", Meter.median(processor), "µs")
    add("  records dropped", Double(statistics.recordsDropped), "")
    add("  connector's peak memory", connector.peakMemory / 1e6, "MB")
  }

  private func roundTrips() throws {
    func quantiles(_ name: String) throws {
      var times = try (0..<2000).map { _ in
        let start = Clock.monotonic()
        _ = try client.ask(.listMessages)
        let time = Double(Clock.monotonic() - start) * 1e-6
        Thread.sleep(forTimeInterval: 0.0005)
        return time
      }
      times.sort()
      add("request's round trip \(name), median", times[times.count / 2], "ms")
      add("request's round trip \(name), 99 of 100", times[times.count * 99 / 100], "ms")
    }
    try quantiles("at rest")
    func received() throws -> UInt64 {
      guard case .statistics(let statistics) = try client.ask(.statistics) else {
        throw IOError("ask", code: EPROTO)
      }
      return statistics.messagesReceived
    }
    nodes.say("flood 50000")
    Thread.sleep(forTimeInterval: 0.3)
    let start = (Clock.monotonic(), try received(), connector.processorTime)
    try quantiles("at 50,000 messages a second")
    let seconds = Double(Clock.monotonic() - start.0) * 1e-9
    add("  messages received a second", Double(try received() - start.1) / seconds, "/s")
    add("  connector's share of a core", (connector.processorTime - start.2) / seconds * 100, "%")
    nodes.say("flood 0")
    _ = try nodes.line()
  }
}

/// A client that waits for each answer.
final class ControlConnection {
  private let socket: BlockingSocket
  private var bytes: [UInt8] = []
  private var lastID: UInt32 = 0
  private var sent = 0
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)

  init(_ path: String) throws {
    let deadline = Clock.monotonic() + 10_000_000_000
    while true {
      if let socket = try? BlockingSocket(connectingTo: path) {
        self.socket = socket
        return
      }
      guard Clock.monotonic() < deadline else { throw IOError("reach the connector", code: ETIMEDOUT) }
      usleep(5000)
    }
  }

  deinit { buffer.deallocate() }

  /// Sends requests in one write.
  func send(_ requests: [ControlRequest]) throws {
    var frames: [UInt8] = []
    for request in requests {
      lastID += 1
      // Older connectors, to measure for comparison, have no later version.
      frames += request.frame(id: lastID, version: ControlFrame.nativeVersions.lowerBound)
    }
    try socket.write(frames)
  }

  /// Sends a request, and waits for the reply.
  func ask(_ request: ControlRequest) throws -> ControlReply {
    try send([request])
    while true {
      if case .reply(lastID, let reply) = try next() { return reply }
    }
  }

  /// Waits for events until `isEnough` returns true.
  func awaitEvents(until isEnough: (ControlEvent) -> Bool) throws {
    while true {
      if case .event(_, let event) = try next(), isEnough(event) { return }
    }
  }

  /// Waits until `count` messages have been sent.
  func awaitSent(_ count: Int) throws {
    var rest = count
    try awaitEvents { event in
      if case .sent = event { rest -= 1 }
      return rest == 0
    }
  }

  private func next() throws -> ControlAnswer {
    while true {
      let found = try bytes.withUnsafeBytes { bytes -> (ControlAnswer?, Int)? in
        guard case .frame(let frame) = try ControlFramer().first(in: bytes) else { return nil }
        let payload = UnsafeRawBufferPointer(rebasing: bytes[frame.payload])
        return (
          try ControlAnswer(version: frame.version, type: frame.type, payload: payload.bytes), frame.count
        )
      }
      if let (answer, count) = found {
        bytes.removeFirst(count)
        if let answer { return answer }
      } else {
        guard let count = try socket.read(into: buffer), count > 0 else { throw IOError("hear", code: EPIPE) }
        bytes += buffer[..<count]
      }
    }
  }
}
