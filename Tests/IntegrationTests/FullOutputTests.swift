import BitcoinWire
import Foundation
import Glibc
import LogProtocol
import Observations
import TestSupport
import Testing

/// Every program that prints, run as a process whose output cannot be written or has no reader.
@Suite(.serialized) struct FullOutputTests {
  static let complaint = "write to standard output: No space left on device"

  /// The subcommands of `netmine` that have no subcommands themselves, such as "log cat".
  static func subcommands(_ deployment: Deployment) throws -> Set<String> {
    let program = try Program("netmine", ["--experimental-dump-help"], folder: deployment.root)
    #expect(try program.wait() == 0)
    let help = try JSONSerialization.jsonObject(with: Data(program.output.utf8)) as? [String: Any]
    var found: Set<String> = []
    func walk(_ command: [String: Any], _ path: [String]) {
      let parts = (command["subcommands"] as? [[String: Any]] ?? []).filter {
        $0["commandName"] as? String != "help"
      }
      if parts.isEmpty { found.insert(path.joined(separator: " ")) }
      for part in parts { walk(part, path + [part["commandName"] as? String ?? ""]) }
    }
    walk(help?["command"] as? [String: Any] ?? [:], [])
    return found
  }

  /// Command lines that print something, in an order in which each has something to print.
  static func commandLines(node: String, hash: String) -> [[String]] {
    [
      "nodes", "nodes --json", "status", "status --json", "ping --count 1", "ping --count 1 --json",
      "top --count 1 --interval 0.1", "watch --count 3", "watch --count 3 --json", "crawl status",
      "crawl status --json",
      "log check a.log", "log check --json a.log", "log cat a.log", "log cat --json a.log",
      "log grep -p . a.log",
      "log grep -p . --quantity a.log", "log stats a.log", "log stats --json a.log", "log slice a.log",
      "log first \(hash) a.log", "log first --json \(hash) a.log", "log export --as csv a.log",
      "log export --as ndjson a.log", "log export --as pcapng a.log",

      "log merge a.log", "log convert --to coinscope a.log", "log repair a.log",
      "log compare --truth truth.log a.log",
      "log compare --json --truth truth.log a.log", "verify a.log", "verify --json a.log", "nodes-db list",
      "nodes-db list --json", "nodes-db list --csv", "nodes-db diff -1h now",
      "nodes-db diff --summary -1h now",
      "nodes-db history \(node)", "nodes-db view by_state", "nodes-db view by_state --json",
      "nodes-db export --as list", "nodes-db snapshot", "nodes-db snapshot --list", "send --to 1 ping",
      "broadcast ping nonce=1 --await pong", "announce --all tx:\(hash) --timeout 1",
      "probe --to 1 --inv tx:\(hash) --timeout 1", "getaddr --once --timeout 2 --json",
      "crawl run --file nodes.txt", "crawl run --file nodes.txt --json",
      "crawl run --file nodes.txt --list -",
      "reload --json", "connect \(node)", "connect --json \(node)", "cycle --outbound",
      "cycle --outbound --json",
      "connect --another \(node)", "dedupe --json", "disconnect --outbound --json", "shutdown --json",
    ].map { $0.split(separator: " ").map(String.init) }
  }

  /// Subcommands that print only to stderr, for people.
  static let silent = [
    ["log", "replay", "--speed", "0", "a.log"], ["nodes-db", "enrich"], ["nodes-db", "maintain"],
    ["nodes-db", "siblings"],
  ]

  func deploy(base: String) throws -> (Deployment, node: String) {
    let deployment = Deployment()
    try deployment.startLogServer()
    try deployment.startVerbatim()
    try deployment.startConnector()
    let truth = ["--tx-rate", "50", "--truth-messages", deployment.root + "truth.log"]
    let nodes = try deployment.startSimnet(nodes: 5, base: base, truth)
    let file = ["--file", deployment.root + "nodes.txt"]
    // A crawl creates the node database.
    for command in [["connect"], ["crawl", "run"]] {
      #expect(try deployment.netmine(command + file).status == 0, "\(command)")
    }
    try deployment.verbatim!.wait(for: "a transaction in the archive", timeout: 60) {
      try deployment.records().messages.contains {
        MessageHeader(peeking: $0.body.span.bytes)?.command == "inv"
      }
    }
    return (deployment, nodes[0])
  }

  /// A transaction that the archive's messages name.
  func hash(_ deployment: Deployment) throws -> String {
    let arguments = ["log", "cat", "--json", "--command", "inv", deployment.root + "a.log"]
    let inventories = try deployment.netmine(arguments).output
    return String(try #require(inventories.firstMatch(of: /"hash":"([0-9a-f]{64})"/)).output.1)
  }

  @Test(.timeLimit(.minutes(5))) func everySubcommandFailsIfItsOutputCannotBeWritten() throws {
    let (deployment, node) = try deploy(base: "127.91.0.1")
    try FileManager.default.copyItem(atPath: deployment.archive, toPath: deployment.root + "a.log")
    let lines = Self.commandLines(node: node, hash: try hash(deployment))
    let crawl = try deployment.run(
      "netmine",
      ["crawl", "run", "--hold", "--file", deployment.root + "nodes.txt"]
    )
    try crawl.wait(for: "the crawl's status") { access(deployment.root + "run/crawl.status", F_OK) == 0 }
    for line in Self.silent { #expect(try deployment.netmine(line).output == "", "\(line)") }
    var tried: Set<String> = []
    var running: [([String], Program)] = []
    func check(_ programs: [([String], Program)]) throws {
      running = []
      for (line, program) in programs {
        #expect(try program.wait(timeout: 60) == 1, "\(line): \(program.errors)")
        #expect(program.errors.ranges(of: Self.complaint).count == 1, "\(line): \(program.errors)")
      }
    }
    for line in lines {
      // These commands dial the same nodes as the crawl.
      if line == ["connect", node] {
        crawl.signal(SIGINT)
        try crawl.wait()
      }
      // Commands that only read files run side by side.
      if !["log", "verify", "nodes-db"].contains(line[0]) || running.count == 6 { try check(running) }
      let program = try Program(
        "netmine",
        line + ["--root", deployment.root],
        folder: deployment.root,
        output: "/dev/full"
      )
      running.append((line, program))
      tried.formUnion([line[0], line.prefix(2).joined(separator: " ")])
    }
    try check(running)
    // A new subcommand must be added here.
    let silent = Set(Self.silent.map { $0.prefix(2).joined(separator: " ") })
    #expect(try Self.subcommands(deployment).subtracting(tried) == silent)
  }

  @Test func helpVersionsAndCompletionsFailIfTheyCannotBeWritten() throws {
    let folder = TemporaryFolder()
    for name in ["netmine", "connector", "logserver", "verbatim", "console", "simnet", "chaos"] {
      for option in ["--help", "--version", "--generate-completion-script=bash"]
      where name != "chaos" || option == "--help" {
        let program = try Program(name, [option], folder: folder.path, output: "/dev/full")
        #expect(try program.wait() == 1, "\(name) \(option)")
        #expect(program.errors.contains("\(name): \(Self.complaint)"), "\(name) \(option): \(program.errors)")
      }
    }
  }

  @Test func consoleAndSimnetFailIfTheirOutputCannotBeWritten() throws {
    let deployment = Deployment()
    deployment.folder.write(LogFileSample.bytes, to: "a.log")
    for arguments in [[], ["--json"], ["--raw"], ["--rate"]] {
      let console = try Program(
        "console",
        arguments + [deployment.root + "a.log"],
        folder: deployment.root,
        output: "/dev/full"
      )
      #expect(try console.wait() == 1)
      #expect(console.errors.contains(Self.complaint), "\(console.errors)")
    }
    let list = [
      "--nodes", "2", "--base", "127.93.0.1", "--port", "0", "--list", "-", "--root", deployment.root,
    ]
    let simnet = try Program("simnet", list, folder: deployment.root, output: "/dev/full")
    #expect(try simnet.wait() == 1)
    #expect(simnet.errors.contains(Self.complaint), "\(simnet.errors)")
    // A file gives the same error as stdout.
    let truth = [
      "--nodes", "2", "--base", "127.93.0.1", "--port", "0", "--truth", "/dev/full", "--duration", "0.5",
    ]
    let other = try Program("simnet", truth + ["--root", deployment.root], folder: deployment.root)
    #expect(try other.wait() == 1)
    #expect(other.errors.contains("write to /dev/full: No space left on device"), "\(other.errors)")
  }

  @Test func aReaderThatGoesAwayIsNoError() throws {
    let folder = TemporaryFolder()
    folder.write(LogFileSample.bytes, to: "a.log")
    let path = folder.path + "a.log"
    let netmine = try ChildProcess.folder() + "netmine"
    let console = try ChildProcess.folder() + "console"
    for command in [
      "\(netmine) log cat \(path)", "\(netmine) log slice \(path)", "\(netmine) log stats \(path)",
      "\(console) \(path)",
      "\(console) --raw \(path)", "\(netmine) --help", "\(netmine) --generate-completion-script=bash",
    ] {
      // The reader is gone before the first byte, so the result does not depend on timing.
      let script = "exec 3> >(:); wait $!; \(command) >&3; exit $?"
      let shell = try Program("/bin/bash", ["-c", script], folder: folder.path)
      #expect(try shell.wait() == 0, "\(command): \(shell.errors)")
      #expect(shell.errors.split(separator: "\n").allSatisfy { $0.hasSuffix("records") }, "\(shell.errors)")
    }
  }

  @Test func anOutputThatWasClosedIsAnError() throws {
    let folder = TemporaryFolder()
    folder.write(LogFileSample.bytes, to: "a.log")
    let netmine = try ChildProcess.folder() + "netmine"
    for command in ["\(netmine) log cat \(folder.path)a.log", "\(netmine) --help"] {
      let shell = try Program("/bin/sh", ["-c", "\(command) >&-"], folder: folder.path)
      #expect(try shell.wait() == 1, "\(command)")
      #expect(shell.errors.contains("write to standard output: Bad file descriptor"), "\(shell.errors)")
    }
  }

  @Test(arguments: [
    ["log", "slice"], ["log", "merge"], ["log", "convert", "--to", "coinscope"], ["log", "repair"],
    ["log", "export", "--as", "csv"], ["log", "export", "--as", "ndjson"],
    ["log", "export", "--as", "pcapng"],
    ["log", "export", "--as", "sqlite"],
  ]) func filesOnAFullDiskAreErrors(_ command: [String]) throws {
    let folder = TemporaryFolder()
    folder.write(LogFileSample.bytes, to: "a.log")
    // The file size limit acts like a full disk, with another message.
    let netmine = try ChildProcess.folder() + "netmine"
    let line = "\(netmine) \(command.joined(separator: " ")) -o out a.log"
    let shell = try Program("/bin/bash", ["-c", "trap '' XFSZ; ulimit -f 8; \(line)"], folder: folder.path)
    #expect(try shell.wait() == 1, "\(shell.errors)")
    #expect(shell.errors.contains("out"), "\(shell.errors)")
    #expect(access(folder.path + "out", F_OK) != 0, "a file that is not whole has no name")
  }
}

/// A log file of 3,000 messages.
enum LogFileSample {
  static let bytes: [UInt8] = {
    let source: UInt32 = 1_700_000_000
    let start: UInt64 = 1_700_000_000_000_000_000
    let description = SourceDescription(instance: 7, process: 1, kind: "connector", name: "", version: "1")
    let joined = MetaBody.sourceJoined(source: source, description).body
    var bytes = StreamPreamble.bytes(createdAt: start)
    bytes += RecordHeader(type: .meta, time: start, bodyCount: 0).record(body: joined)
    for sequence in 1...3000 as ClosedRange<UInt64> {
      let body = Network.regtest.frame("ping", payload: [1, 2, 3, 4, 5, 6, 7, 8])
      let header = RecordHeader(
        type: .message,
        source: source,
        time: start + sequence,
        sequence: sequence,
        connection: 1,
        bodyCount: 0
      )
      bytes += header.record(body: body)
    }
    return bytes
  }()
}
