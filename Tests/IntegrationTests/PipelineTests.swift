import BitcoinWire
import Bytes
import Foundation
import Glibc
import LogProtocol
import Observations
import TestSupport
import Testing

/// The whole pipeline, with each program as a process, against the simulated network.
@Suite(.serialized) struct PipelineTests {
  /// Expects 1, 2, 3, … without a gap, a duplicate or a disorder.
  func expectWhole(_ sequences: [UInt64], _ source: SourceLocation = #_sourceLocation) {
    let isWhole = sequences == sequences.indices.map { UInt64($0 + 1) }
    #expect(isWhole, "\(sequences.count) sequences, last \(sequences.last ?? 0)", sourceLocation: source)
  }

  /// Starts all programs, with much traffic from 30 simulated nodes.
  func busyDeployment(at base: String) throws -> Deployment {
    let deployment = Deployment()
    try deployment.startLogServer()
    try deployment.startVerbatim()
    let nodes = try deployment.startSimnet(nodes: 30, base: base, ["--tx-rate", "50"])
    try deployment.startConnector()
    #expect(try deployment.netmine(["connect"] + nodes).status == 0)
    return deployment
  }

  @Test func archivesEverythingThatASimulatedNetworkSays() throws {
    let deployment = Deployment()
    try deployment.startLogServer()
    try deployment.startVerbatim()
    let nodes = try deployment.startSimnet(nodes: 20, base: "127.32.0.1", ["--tx-rate", "20"])
    try deployment.startConnector()
    let connect = try deployment.netmine(["connect", "--json"] + nodes)
    #expect(connect.status == 0, "\(connect.errors)")
    let broadcast = try deployment.netmine(["broadcast", "getaddr"])
    #expect(broadcast.status == 0, "\(broadcast.errors)")
    try deployment.verbatim!.wait(for: "answers and announcements in the archive") {
      let commands = try deployment.records().messages.compactMap {
        MessageHeader(peeking: $0.body.span.bytes)?.command
      }
      return commands.filter { $0 == .addrv2 || $0 == .addr }.count >= 20 && commands.contains(.inv)
    }
    let status = try deployment.netmine(["status"])
    #expect(status.status == 0, "\(status.errors)")
    try deployment.stopAll()

    let records = try deployment.records()
    expectWhole(records.sequences(ofKind: "connector"))
    #expect(records.compactMap(\.event).filter { $0.code == .handshaken }.count == 20)
    #expect(records.compactMap(\.event).filter { $0.code == .closedByUs }.count == 20)
    // Every message is whole, and agrees with its header.
    for message in records.messages {
      let header = MessageHeader(peeking: message.body.span.bytes)!
      #expect(header.magic == Network.simnet.magic)
      #expect(header.totalLength == message.body.count)
      #expect(
        header.checksum == Hash256.checksum(message.body.span.bytes.extracting(24..<message.body.count))
      )
    }
    // Within one direction of a connection, time does not run backwards, and it is finer than seconds.
    var last: [String: UInt64] = [:]
    for message in records.messages {
      let key = "\(message.header.connection) \(message.header.flags.contains(.sent))"
      #expect(message.header.time >= last[key, default: 0])
      last[key] = message.header.time
    }
    #expect(Set(records.messages.map { $0.header.time % 1_000_000 }).count > 100)
    #expect(records.contains { $0.header.type == .control && $0.text.contains("connect \(nodes[0])") })
    #expect(try deployment.netmine(["verify", deployment.archive]).status == 0)
    let leftovers = try FileManager.default.contentsOfDirectory(atPath: deployment.root).filter {
      ["publish", "subscribe", "servers", "control"].contains($0)
    }
    #expect(leftovers.isEmpty)
  }

  @Test(arguments: [
    ["connector", "verbatim", "logserver"], ["verbatim", "connector", "logserver"],
    ["logserver", "connector", "verbatim"], ["connector", "logserver", "verbatim"],
  ])
  func startsInEveryOrder(_ order: [String]) throws {
    let deployment = Deployment()
    let base = "127.33.\(order.joined().utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0x7f }).1"
    let nodes = try deployment.startSimnet(nodes: 2, base: base)
    for program in order {
      switch program {
      case "logserver": try deployment.startLogServer()
      case "verbatim": try deployment.startVerbatim()
      default:
        try deployment.startConnector()
        #expect(try deployment.netmine(["connect"] + nodes).status == 0)
      }
    }
    try deployment.verbatim!.wait(for: "the handshakes in the archive") {
      try FileManager.default.fileExists(atPath: deployment.archive)
        && deployment.records().compactMap(\.event).filter { $0.code == .handshaken }.count == 2
    }
    try deployment.stopAll()
    expectWhole(try deployment.records().sequences(ofKind: "connector"))
  }

  @Test func losesNothingWhenTheLogServerIsKilledUnderTraffic() throws {
    let deployment = try busyDeployment(at: "127.34.0.1")
    for _ in 0..<3 {
      try deployment.awaitTraffic()
      deployment.logserver!.signal(SIGKILL)
      try deployment.logserver!.wait()
      // Commands work, and the resulting records are kept.
      #expect(try deployment.netmine(["broadcast", "ping"]).status == 0)
      try deployment.startLogServer()
    }
    #expect(try deployment.netmine(["disconnect", "--all"]).status == 0)
    try deployment.stopAll()
    let records = try deployment.records()
    expectWhole(records.sequences(ofKind: "connector"))
    #expect(!records.contains { if case .gap = $0.meta { true } else { false } })
    #expect(records.compactMap(\.event).filter { $0.code == .closedByUs }.count == 30)
    // The restarted server has learnt the open connections.
    #expect(records.contains { if case .openConnection = $0.meta { $0.header.sequence > 0 } else { false } })
  }

  @Test func losesNothingWhenVerbatimIsKilledUnderTraffic() throws {
    let deployment = try busyDeployment(at: "127.35.0.1")
    for _ in 0..<3 {
      try deployment.awaitTraffic()
      deployment.verbatim!.signal(SIGKILL)
      try deployment.verbatim!.wait()
      #expect(try deployment.netmine(["broadcast", "ping"]).status == 0)
      try deployment.startVerbatim()
    }
    try deployment.awaitTraffic()
    try deployment.stopAll()
    expectWhole(try deployment.records().sequences(ofKind: "connector"))
  }

  @Test func saysSoWhenTheConnectorIsKilled() throws {
    let deployment = Deployment()
    try deployment.startLogServer()
    try deployment.startVerbatim().wait(forError: "connected to the log server")
    let nodes = try deployment.startSimnet(nodes: 3, base: "127.36.0.1")
    try deployment.startConnector()
    #expect(try deployment.netmine(["connect"] + nodes).status == 0)
    deployment.connector!.signal(SIGKILL)
    try deployment.connector!.wait()
    try deployment.verbatim!.wait(for: "the record of its end") {
      try deployment.records().contains {
        if case .sourceLeft(_, let saidGoodbye, let last, _) = $0.meta {
          !saidGoodbye && last > 0
        } else {
          false
        }
      }
    }
    let down = try deployment.netmine(["nodes"])
    #expect(down.status == 2)
    #expect(down.errors.contains("connector"))
    #expect(try deployment.netmine(["status"]).status != 0)
    // A new connector replaces the socket, gets an id of its own, and numbers its records from 1.
    try deployment.startConnector()
    #expect(try deployment.netmine(["connect", nodes[0]]).status == 0)
    try deployment.stopAll()
    let report = try deployment.netmine(["verify", "--json", deployment.archive])
    #expect(report.status == 0, "\(report.output)")
    #expect(try deployment.records().sequences(ofKind: "connector").filter { $0 == 1 }.count == 2)
  }

  @Test func accountsForEveryRecordAcrossRotation() throws {
    let deployment = try busyDeployment(at: "127.37.0.1")
    // The shipped configuration, with this test's paths, run by the real logrotate.
    let shipped = try String(contentsOfFile: Self.repository + "tools/verbatim-rotate.cfg", encoding: .utf8)
    let lines = shipped.replacing("/tmp/netmine/", with: deployment.root).split(separator: "\n").filter {
      !$0.contains("dateext") && !$0.contains("dateformat") && !$0.contains("compress")
    }
    let configuration = deployment.root + "rotate.cfg"
    try lines.joined(separator: "\n").write(toFile: configuration, atomically: true, encoding: .utf8)
    for round in 1...3 {
      try deployment.awaitTraffic()
      let logrotate = try Program(
        Self.path(of: "logrotate"),
        ["-f", "-s", deployment.root + "rotate.state", configuration],
        folder: deployment.root
      )
      #expect(try logrotate.wait() == 0, "\(logrotate.errors)")
      try deployment.verbatim!.wait(for: "segment \(round)") {
        try deployment.archiveFiles().count == round + 1
      }
    }
    try deployment.stopAll()
    expectWhole(try deployment.records().sequences(ofKind: "connector"))
    // Each segment can be read alone, because it starts with the open connections.
    for path in try deployment.archiveFiles().dropFirst() {
      var first: [MetaBody] = []
      var unknown: Set<UInt32> = []
      var open: Set<UInt32> = [0]
      _ = try ArchiveFile(path).forEachRecord { header, body, _ in
        if header.type == .meta, let meta = try? MetaBody(body.bytes) {
          if first.count < 2 { first.append(meta) }
          if case .openConnection = meta { open.insert(header.connection) }
        } else if header.type == .connection, let event = try? ConnectionEvent(body.bytes),
          !event.code.endsConnection
        {
          open.insert(header.connection)
        } else if !open.contains(header.connection) {
          unknown.insert(header.connection)
        }
        return true
      }
      guard case .rotation(let mark) = first[0] else {
        Issue.record("\(path) does not begin with a rotation mark")
        continue
      }
      #expect(!mark.positions.isEmpty)
      #expect(unknown.isEmpty)
    }
    #expect(try deployment.netmine(["verify"] + deployment.archiveFiles()).status == 0)
  }

  @Test func refusesAMalformedConfigurationLineByItsNumber() throws {
    let folder = TemporaryFolder()
    let path = folder.path + "netmine.cfg"
    try "connector: {\n  networc = \"simnet\";\n};\nlogger: { max_buffer = \"many\"; };\n".write(
      toFile: path,
      atomically: true,
      encoding: .utf8
    )
    for name in ["logserver", "connector", "verbatim", "console"] {
      let program = try Program(name, ["--configfile", path], folder: folder.path)
      #expect(try program.wait() != 0)
      #expect(program.errors.contains("\(path):2"), "\(program.errors)")
      #expect(program.errors.contains("connector.network"), "\(program.errors)")
      #expect(program.errors.contains("\(path):4"), "\(program.errors)")
    }
  }

  @Test func joinsANetworkThatOnlyTheConfigurationKnows() throws {
    let deployment = Deployment()
    try deployment.startLogServer()
    let nodes = try deployment.startSimnet(nodes: 3, base: "127.44.0.1")
    let path = deployment.root + "netmine.cfg"
    let magic = Hexadecimal.text(Network.simnet.magicBytes)
    try "networks = ( { name = \"mynet\"; magic = \"\(magic)\"; port = 5; } );\n".write(
      toFile: path,
      atomically: true,
      encoding: .utf8
    )
    try deployment.startConnector(network: "mynet", file: path)
    let connect = try deployment.netmine(["connect"] + nodes)
    #expect(connect.status == 0, "\(connect.errors)")
    #expect(try deployment.netmine(["status"]).output.contains("mynet"))
    try deployment.stopAll()
  }

  @Test func showsTheStreamLineByLine() throws {
    let deployment = Deployment()
    try deployment.startLogServer()
    let nodes = try deployment.startSimnet(nodes: 3, base: "127.38.0.1", ["--tx-rate", "20"])
    try deployment.startConnector()
    let text = try deployment.run("console", ["--type", "bitcoin_msg", "--type", "bitcoin", "--count", "50"])
    let json = try deployment.run("console", ["--json", "--command", "inv", "--count", "5"])
    let watch = try deployment.run("netmine", ["watch", "--command", "version", "--count", "2"])
    try deployment.logserver!.wait(for: "three readers") {
      try deployment.netmine(["status", "--json"]).output.contains("\"readers\":3")
    }
    #expect(try deployment.netmine(["connect"] + nodes).status == 0)
    #expect(try text.wait() == 0)
    #expect(try json.wait() == 0)
    #expect(try watch.wait() == 0)
    #expect(text.output.contains("version /Satoshi:") || text.output.contains("version /btcwire:"))
    #expect(text.lines.allSatisfy { $0.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z .+/) != nil })
    for line in json.lines {
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      if object?["type"] as? String == "bitcoin_msg" { #expect(object?["command"] as? String == "inv") }
    }
    #expect(watch.lines.contains { $0.contains("version") })
  }

  /// The folder of the package.
  static let repository =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path + "/"

  /// The path of a system program.
  static func path(of name: String) -> String {
    ["/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"].map { $0 + name }.first { access($0, X_OK) == 0 }
      ?? "/usr/sbin/\(name)"
  }
}
