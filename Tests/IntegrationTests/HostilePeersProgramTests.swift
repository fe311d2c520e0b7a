import BitcoinWire
import Bytes
import ControlProtocol
import EventLoop
import Foundation
import Glibc
import LogProtocol
import TestSupport
import Testing

/// The connector as a process that runs out of descriptors, or whose log server stops.
@Suite(.serialized) struct HostilePeersProgramTests {
  /// Processor time that a process has used, in seconds.
  private func processorTime(of program: Program) throws -> Double {
    let text = try String(contentsOfFile: "/proc/\(program.id)/stat", encoding: .utf8)
    let fields = text[text.lastIndex(of: ")")!...].split(separator: " ")
    return Double(Int(fields[12])! + Int(fields[13])!) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  /// The peak memory of a process, in bytes.
  private func peakMemory(of program: Program) throws -> Int {
    let text = try String(contentsOfFile: "/proc/\(program.id)/status", encoding: .utf8)
    let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }!
    return Int(line.split(separator: " ").dropLast().last!)! << 10
  }

  /// Starts a connector that may have 64 open files, as soft and hard limit.
  private func startConnector(_ deployment: Deployment) throws -> Program {
    let arguments = ["--network", "simnet", "--root", deployment.root]
    let program = try Program(
      "/bin/sh",
      ["-c", "ulimit -n 64; exec \"$0\" \"$@\"", try ChildProcess.folder() + "connector"] + arguments,
      folder: deployment.root
    )
    try program.wait(forError: "listening for clients")
    return program
  }

  @Test(.timeLimit(.minutes(10))) func keepsDescriptorsForOthersThanPeers() throws {
    let deployment = Deployment()
    try deployment.startLogServer()
    try deployment.startVerbatim()
    let nodes = try deployment.startSimnet(nodes: 60, base: "127.47.0.1")
    let connector = try startConnector(deployment)
    try connector.wait(forError: "connections=48 limit=64")
    let connect = try deployment.netmine(["connect"] + nodes)
    #expect((connect.output + connect.errors).contains("48 of 60 connected, 12 failed"), "\(connect.errors)")
    let status = try deployment.netmine(["status"])
    #expect(status.status == 0, "\(status.errors)")
    connector.signal(SIGTERM)
    #expect(try connector.wait() == 0)
    try deployment.stopAll()
    let failed = try deployment.records().compactMap(\.event).filter { $0.code == .connectFailed }
    #expect(failed.count == 12)
    for event in failed {
      #expect(event.reason == "out of descriptors: the limit of open files allows 48 connections (ulimit -n)")
    }
  }

  /// With too few descriptors at the start, each program says so and exits without aborting.
  @Test(
    .timeLimit(.minutes(10)),
    arguments: [
      ["logserver"], ["connector"], ["verbatim"], ["netmine", "status"], ["simnet", "--nodes", "3"],
    ]
  )
  func saysThatItHasTooFewDescriptors(_ command: [String]) throws {
    let deployment = Deployment()
    let program = try startWith(8, command, deployment)
    #expect(try program.wait() == 1, "\(program.errors)")
    #expect(program.errors.contains("(ulimit -n): Too many open files"), "\(program.errors)")
  }

  /// A console needs fewer descriptors.
  @Test(.timeLimit(.minutes(10))) func endsAConsoleWithTooFewDescriptors() throws {
    let deployment = Deployment()
    let program = try startWith(4, ["console", "--no-wait"], deployment)
    #expect(try program.wait() == 1, "\(program.errors)")
    #expect(program.errors.contains("Too many open files"), "\(program.errors)")
  }

  private func startWith(_ limit: Int, _ command: [String], _ deployment: Deployment) throws -> Program {
    try Program(
      "/bin/sh",
      ["-c", "ulimit -n \(limit); exec \"$0\" \"$@\"", try ChildProcess.folder() + command[0]]
        + command.dropFirst() + ["--root", deployment.root],
      folder: deployment.root
    )
  }

  /// Clients use up the last descriptor. The connector says so once and waits without spinning. Dials fail
  /// with a reason. It continues when a descriptor is free again.
  @Test(.timeLimit(.minutes(10))) func waitsForDescriptors() throws {
    let deployment = Deployment()
    try deployment.startLogServer()
    let connector = try startConnector(deployment)
    let loop = EventLoop()
    let path = deployment.root + "control"
    var clients = try (0..<80).map { _ in try RawClient(.unix(path), on: loop) }
    try loop.run { connector.errors.contains("Too many open files") }
    let start = try processorTime(of: connector)
    try loop.run(for: 2.5)
    #expect(try processorTime(of: connector) - start < 0.5)
    #expect(connector.errors.components(separatedBy: "Too many open files").count == 2, "\(connector.errors)")
    let target = ConnectTarget(Endpoint("127.0.0.1:9")!)
    // In version 2, events carry words.
    clients[0].stream.write(ControlRequest.connect([target]).frame(id: 1, version: 2))
    try loop.run {
      String(decoding: clients[0].received, as: UTF8.self).contains("out of descriptors: Too many open files")
    }
    while clients.count > 1 { clients.removeLast().close("done") }
    let status = try deployment.netmine(["status"])
    #expect(status.status == 0, "\(status.errors)")
    connector.signal(SIGTERM)
    #expect(try connector.wait() == 0)
  }

  /// While its log server hangs, a connector reads on up to its memory bound, then lets its peers wait. No
  /// record is lost. (Its ancestor grew to 1.65 GB in five seconds.)
  @Test(.timeLimit(.minutes(10))) func takesNoMoreMemoryThanItsBoundWhileTheLogServerStandsStill() throws {
    let deployment = Deployment()
    let server = try deployment.startLogServer()
    try deployment.startVerbatim()
    let bound = 8 << 20
    let connector = try deployment.startConnector([
      "connector.bitcoin.listeners=((\"AF_INET\", \"127.0.0.1\", 0, 9))", "connector.log_buffer=\(bound)",
    ])
    try connector.wait(forError: "joined the log server")
    try server.wait(forError: "archiving reader joined")
    let line = connector.errors.split(separator: "\n").first { $0.contains("listening for peers") }!
    let address = SocketAddress(String(line.split(separator: "=").last!))!
    let loop = EventLoop()
    let peers = try (0..<4).map { _ in try RawClient(address, on: loop) }
    let version = VersionMessage(
      version: 70016,
      services: [],
      time: 0,
      nonce: 1,
      userAgent: Array("/flood:1/".utf8),
      startHeight: 0,
      relay: true
    )
    for peer in peers {
      peer.stream.write(Network.simnet.frame(.version(version)) + Network.simnet.frame(.verack))
    }
    try loop.run { peers.allSatisfy { !$0.received.isEmpty } }
    let before = try peakMemory(of: connector)
    server.signal(SIGSTOP)
    let message = Network.simnet.frame("x", payload: [UInt8](repeating: 1, count: 1000))
    let batch = Array(repeatElement(message, count: 500).joined())
    var sent = 0
    var blocked = Clock.monotonic()
    var taken: UInt64 = 0
    // Until no more bytes are read for a second.
    try loop.run(timeout: 30) {
      for peer in peers where peer.stream.unsentCount < 1 << 20 {
        peer.stream.write(batch)
        sent += 500
      }
      let now = peers.reduce(0) { $0 + $1.stream.bytesSent }
      if now != taken { (taken, blocked) = (now, Clock.monotonic()) }
      return Clock.monotonic() - blocked > 1_000_000_000
    }
    let grown = try peakMemory(of: connector) - before
    #expect(grown < 4 * bound, "\(grown) bytes")
    #expect(connector.errors.contains("archive too slow: peers are read only as fast"))
    server.signal(SIGCONT)
    try loop.run(timeout: 30) { peers.allSatisfy { $0.stream.unsentCount == 0 } }
    for peer in peers { peer.closeAfterWriting() }
    try connector.wait(for: "the end of all peers") {
      try deployment.records().compactMap(\.event).filter { $0.code.endsConnection }.count == peers.count
    }
    try deployment.stopAll()
    let archived = try deployment.records().messages.count { $0.body == message }
    #expect(archived == sent)
  }
}

extension RawClient {
  fileprivate func closeAfterWriting() { withExtendedLifetime(self) { stream.closeAfterWriting("done") } }
}
