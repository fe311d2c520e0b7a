import ArgumentParser
import BitcoinWire
import Bytes
import ControlProtocol
import EventLoop
import Foundation

/// `bench fairness`: measures how much an ordinary peer suffers from peers that flood.
struct FairnessBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fairness",
    abstract: "Measure the pings of one peer while others flood.",
    discussion: """
      The connector has one processor; the log server, the flooding peers and the honest peer share the \
      others. The honest peer sends a ping every ten milliseconds, or when the last one is answered if that \
      takes longer. If a ping is not answered within 30 seconds, the run ends.
      """
  )

  /// The messages of a peer's handshake.
  static let greeting: [UInt8] = {
    let version = VersionMessage(
      version: 70016,
      services: [.network, .witness],
      time: 0,
      nonce: 1,
      userAgent: Array("/bench:1/".utf8),
      startHeight: 1,
      relay: true
    )
    return Network.regtest.frame(.version(version)) + Network.regtest.frame(.verack)
  }()

  @Option(help: "Number of flooding peers.")
  var peers = 100

  @Option(help: "Seconds for which pings are timed.")
  var seconds = 10

  @Option(help: "Kind of flood: idle, small, inv, ping or deaf. May be repeated. (default: all)")
  var floods: [Flood] = []

  @Option(help: "Folder with the connector and the log server. (default: the bench's)")
  var programs: String?

  @Flag(help: "Print JSON, one object per line.")
  var json = false

  func run() throws {
    _ = try DescriptorLimit.raise()
    for flood in floods.isEmpty ? Flood.allCases : floods {
      let folder = NSTemporaryDirectory() + "netmine-bench-\(UInt32.random(in: 0 ... .max))/"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      if !json { emit("beside \(peers) peers: \(flood.rawValue)") }
      let trial = try FairnessTrial(folder, programs: try programs.map { $0 + "/" } ?? Child.folder(), flood)
      try trial.measure(peers: peers, seconds: seconds) { figure in emit(json ? figure.json : figure.line) }
    }
  }
}

/// A connector with its log server, flooding peers, and one honest peer.
private final class FairnessTrial {
  private let server: Child
  private let connector: Child
  private let flooders: Child
  private let client: ControlConnection
  private let flood: Flood
  private var answers: [UInt8] = []

  init(_ folder: String, programs: String, _ flood: Flood) throws {
    self.flood = flood
    let last = String(max(0, ProcessInfo.processInfo.processorCount - 1))
    let others = last == "0" ? "0" : "1-\(last)"
    func pinned(_ processors: String, _ program: String, _ arguments: [String]) throws -> Child {
      try Child("/usr/bin/taskset", ["-c", processors, program] + arguments, in: folder)
    }
    server = try pinned(
      others,
      programs + "logserver",
      ["--root", folder, "--set", "logger.archive_grace=0.0"]
    )
    flooders = try pinned(others, try Child.folder() + "bench", ["flooder", "--flood", flood.rawValue])
    // Unread answers must not end the flood by exhausting the peer's memory limit.
    let settings = ["connector.network=regtest", "connector.peer_memory=2147483648"]
    connector = try pinned(
      "0",
      programs + "connector",
      ["--root", folder] + settings.flatMap { ["--set", $0] }
    )
    client = try ControlConnection(folder + "control")
  }

  func measure(peers: Int, seconds: Int, report: (ControlFigure) -> Void) throws {
    let port = UInt16(try flooders.numbers()[0])
    let honest = try connectHonest()
    let target = ConnectTarget(another: Endpoint(.ipv4(0x7f00_0001), port: port))
    try connect([ConnectTarget](repeating: target, count: peers))
    flooders.say("go")
    _ = try flooders.line()
    Thread.sleep(forTimeInterval: 1)
    let before = try statistics()
    let processor = connector.processorTime
    let start = Clock.monotonic()
    let times = try ping(honest, seconds: seconds).sorted()
    let after = try statistics()
    let duration = Double(Clock.monotonic() - start) / 1e9
    func add(_ name: String, _ value: Double, _ unit: String) {
      report(ControlFigure(name: "  \(name)", value: value, unit: unit))
    }
    add("pings answered", Double(times.count), "")
    add("round trip, median", times[times.count / 2] * 1e3, "ms")
    add("  99 of 100", times[times.count * 99 / 100] * 1e3, "ms")
    add("  the longest", times.last! * 1e3, "ms")
    let messages = Double(after.messagesReceived - before.messagesReceived)
    let bytes = Double(after.bytesReceived - before.bytesReceived)
    add("messages of all a second", messages / duration, "/s")
    add("bytes of all a second", bytes / duration / 1e6, "MB/s")
    let used = connector.processorTime - processor
    add("connector's share of its processor", used / duration * 100, "%")
    add("  its time for a million messages", used / messages * 1e6, "s")
    add("records dropped", Double(after.recordsDropped), "")
    add("peers left", Double(after.openOutbound), "")
  }

  private func statistics() throws -> ConnectorStatistics {
    guard case .statistics(let statistics) = try client.ask(.statistics) else {
      throw IOError("ask for statistics", code: EPROTO)
    }
    return statistics
  }

  private func connect(_ targets: [ConnectTarget]) throws {
    guard case .connecting = try client.ask(.connect(targets)) else { throw IOError("connect", code: EPROTO) }
    var done = 0
    var failure: String?
    try client.awaitEvents { event in
      if case .handshaken = event { done += 1 }
      if case .connectFailed(_, let outcome) = event { failure = outcome.code.name }
      return done == targets.count || failure != nil
    }
    if let failure { throw IOError("connect: \(failure)", code: EPROTO) }
  }

  /// Lets the connector dial the honest peer.
  private func connectHonest() throws -> BlockingSocket {
    let listening = try Socket.listen(on: .ipv4(0x7f00_0001, port: 0))
    defer { close(listening) }
    _ = fcntl(listening, F_SETFL, 0)
    let endpoint = Endpoint(.ipv4(0x7f00_0001), port: Socket.localAddress(of: listening).port)
    guard case .connecting = try client.ask(.connect([ConnectTarget(another: endpoint)])) else {
      throw IOError("connect", code: EPROTO)
    }
    let socket = try BlockingSocket(listening).accept()
    Socket.disableDelay(socket.descriptor)
    try socket.write(FairnessBench.greeting)
    try client.awaitEvents { if case .handshaken = $0 { true } else { false } }
    socket.limitReads(seconds: 30)
    return socket
  }

  /// Sends pings until the time is over; returns the round trips in seconds.
  private func ping(_ socket: BlockingSocket, seconds: Int) throws -> [Double] {
    // With a high priority, so that the time is the connector's, not the honest peer's wait for a processor.
    _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, -15)
    defer { _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 0) }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 64)
    defer { buffer.deallocate() }
    var times: [Double] = []
    var next = Clock.monotonic()
    let end = next + UInt64(seconds) * 1_000_000_000
    var nonce: UInt64 = 1 << 40
    while next < end {
      let now = Clock.monotonic()
      if now < next { usleep(UInt32((next - now) / 1000)) }
      nonce += 1
      let sent = Clock.monotonic()
      try socket.write(Network.regtest.frame(.ping(PingMessage(nonce: nonce))))
      try awaitPong(nonce, socket, buffer)
      let answered = Clock.monotonic()
      times.append(Double(answered - sent) / 1e9)
      next = max(next + 10_000_000, answered)
    }
    return times
  }

  private func awaitPong(
    _ nonce: UInt64,
    _ socket: BlockingSocket,
    _ buffer: UnsafeMutableRawBufferPointer
  ) throws {
    let pong = Network.regtest.frame(.pong(PongMessage(nonce: nonce)))
    while true {
      if Data(answers).range(of: Data(pong)) != nil {
        answers.removeAll(keepingCapacity: true)
        return
      }
      guard let count = try socket.read(into: buffer), count > 0 else {
        throw IOError("hear an answer", code: ETIMEDOUT)
      }
      answers += buffer[..<count]
    }
  }
}
