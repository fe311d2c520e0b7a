import BitcoinWire
import Bytes
import EventLoop
import Foundation
import Glibc
import LogProtocol
import TestSupport
import Testing

/// An operator's work besides starting programs: background, signals, mistakes.
@Suite(.serialized) struct OperatorTests {
  @Test(.timeLimit(.minutes(10)), arguments: ["logserver", "connector", "verbatim"])
  func runsInTheBackgroundUntilItIsTold(_ name: String) throws {
    let deployment = Deployment()
    let log = deployment.root + "log"
    // The daemon's sockets. Each exists when the command returns, and is removed with the daemon.
    let sockets: [String] =
      switch name {
      case "logserver":
        ["publish", "subscribe", "servers"]
          + ["debug", "ctrl", "error", "bitcoin", "bitcoin_msg", "bitcoinx", "all"].map { "clients/" + $0 }
      case "connector": ["control"]
      default: []
      }
    func exists(_ name: String) -> Bool { access(deployment.root + name, F_OK) == 0 }

    let command = try deployment.run(name, ["--daemonize", "--logfile", log])
    #expect(try command.wait() == 0, "\(command.errors)")
    let daemon = try BackgroundDaemon(pidFile: deployment.root + "run/\(name).pid")
    #expect(daemon.id != command.id)
    #expect(kill(daemon.id, 0) == 0)
    #expect(sockets.allSatisfy(exists))
    let again = try deployment.run(name, ["--daemonize"])
    #expect(try again.wait() == 1)
    #expect(again.errors.contains("\(name): already running as process \(daemon.id)"), "\(again.errors)")
    // The daemon leaves a renamed log file alone, as logrotate needs it.
    #expect(rename(log, log + ".1") == 0)
    kill(daemon.id, SIGHUP)
    try command.wait(for: "a new log file") { exists("log") }

    kill(daemon.id, SIGTERM)
    try command.wait(for: "its end") { !exists("run/\(name).pid") }
    #expect(!sockets.contains(where: exists))
    let last = try String(contentsOfFile: log, encoding: .utf8)
    #expect(!last.contains("error"), "\(last)")
  }

  @Test(.timeLimit(.minutes(10))) func readsItsBlacklistAgain() throws {
    let deployment = Deployment()
    let blacklist = deployment.root + "blacklist.txt"
    let configuration = deployment.root + "connector.cfg"
    func write(_ text: String, to path: String) throws {
      try text.write(toFile: path, atomically: true, encoding: .utf8)
    }
    func reload() throws {
      let lines = deployment.connector!.errors.count { $0 == "\n" }
      deployment.connector!.signal(SIGHUP)
      try deployment.connector!.wait(for: "the reload") {
        deployment.connector!.errors.count { $0 == "\n" } > lines
      }
    }
    func remotes() throws -> Set<String> {
      let open = try deployment.nodes().filter { $0["state"] as? String == "open" }
      return Set(open.compactMap { $0["address"] as? String })
    }
    try write("connector: { blacklist = \"\(blacklist)\"; };\n", to: configuration)
    try write("# nobody yet\n", to: blacklist)
    try deployment.startLogServer()
    try deployment.startVerbatim()
    let nodes = try deployment.startSimnet(nodes: 3, base: "127.48.0.1")
    try deployment.startConnector(file: configuration)
    #expect(try deployment.netmine(["connect"] + nodes).status == 0)

    try write("127.48.0.1\n127.48.0.4/30 # and what lies around it\n", to: blacklist)
    try reload()
    try deployment.connector!.wait(for: "the end of a connection") { try remotes() == Set(nodes.dropFirst()) }
    let refused = try deployment.netmine(["connect", nodes[0]])
    #expect(refused.status == 1)
    #expect((refused.output + refused.errors).contains("blacklisted"), "\(refused)")

    // A mistake in the configuration changes nothing.
    try write("connector: { blacklst = \"\(blacklist)\"; };\n", to: configuration)
    try reload()
    #expect(deployment.connector!.errors.contains("configuration kept as it was"))
    #expect(deployment.connector!.errors.contains("\(configuration):1"))
    #expect(try deployment.netmine(["connect", nodes[0]]).status == 1)

    try write("connector: { blacklist = \"\(blacklist)\"; };\n", to: configuration)
    try write("", to: blacklist)
    #expect(try deployment.netmine(["reload"]).status == 0)
    #expect(try deployment.netmine(["connect", nodes[0]]).status == 0)
    #expect(try remotes() == Set(nodes))
    try deployment.stopAll()
    let closed = try deployment.records().compactMap(\.event).filter { $0.code == .closedByUs }
    #expect(closed.filter { $0.reason == "blacklisted" }.map { "\($0.remote)" } == [nodes[0]])
  }

  @Test(.timeLimit(.minutes(10))) func wantsTheKeyOverTCP() throws {
    let deployment = Deployment()
    func keyFile(_ name: String, _ digit: Character) throws -> String {
      let path = deployment.root + name
      try String(repeating: digit, count: 64).write(toFile: path, atomically: true, encoding: .utf8)
      chmod(path, 0o640)
      return "permissions.key_file=" + path
    }
    let key = try keyFile("key", "a")
    let wrong = try keyFile("wrong", "b")
    let server = try deployment.startLogServer([
      "logger.publish_listen=127.0.0.1:0", "logger.subscribe_listen=127.0.0.1:0", key,
      "permissions.socket_mode=0600",
    ])
    var file = stat()
    #expect(stat(deployment.root + "publish", &file) == 0 && file.st_mode & 0o777 == 0o600)
    func endpoints(_ program: Program) -> [String] {
      program.errors.split(separator: "on=127.0.0.1:").dropFirst().map {
        "127.0.0.1:\($0.prefix { $0.isNumber })"
      }
    }
    let log = endpoints(server)
    #expect(log.count == 2)
    let publish = "logger.publish_address=\(log[0])"
    let subscribe = "logger.subscribe_address=\(log[1])"
    try deployment.startConnector([publish, key, "connector.control_tcp=127.0.0.1:0"])
    try deployment.connector!.wait(forError: "on=127.0.0.1:")
    let control = try #require(endpoints(deployment.connector!).last)
    func netmine(_ settings: [String]) throws -> (status: Int32, words: String) {
      let arguments = ["status", "--control", control] + (settings + [subscribe]).flatMap { ["--set", $0] }
      let outcome = try deployment.netmine(arguments)
      return (outcome.status, outcome.output + outcome.errors)
    }
    let good = try netmine([key])
    #expect(good.status == 0 && good.words.contains("simnet"), "\(good)")
    let none = try netmine([])
    #expect(none.status == 2 && none.words.contains("requires a key: set permissions.key_file"), "\(none)")
    let bad = try netmine([wrong])
    #expect(bad.status == 2 && bad.words.contains("does not accept the key"), "\(bad)")
    #expect(deployment.connector!.errors.contains("does not know the key"))
    // A key that everybody can read is refused.
    chmod(deployment.root + "key", 0o644)
    let open = try netmine([key])
    #expect(open.status == 78 && open.words.contains("chmod 640"), "\(open)")
  }

  /// The programs need no shared folder.
  @Test(.timeLimit(.minutes(10))) func findsTheLogServerOverTCP() throws {
    let deployment = Deployment()
    let server = try deployment.startLogServer([
      "logger.publish_listen=127.0.0.1:0", "logger.subscribe_listen=[::1]:0",
    ])
    func endpoint(_ host: String) throws -> String {
      let rest = try #require(server.errors.split(separator: "on=\(host):").dropFirst().first)
      return "\(host):\(rest.prefix { $0.isNumber })"
    }
    let publish = "logger.publish_address=\(try endpoint("127.0.0.1"))"
    let subscribe = "logger.subscribe_address=\(try endpoint("[::1]"))"
    let elsewhere = TemporaryFolder()
    let archive = try Program(
      "verbatim",
      ["--root", elsewhere.path, "--set", subscribe],
      folder: elsewhere.path
    )
    let console = try Program(
      "console",
      ["--root", elsewhere.path, "--set", subscribe],
      folder: elsewhere.path
    )
    defer { for program in [archive, console] { program.signal(SIGKILL) } }
    func status() throws -> String {
      let status = try Program("netmine", ["status", "--set", subscribe], folder: deployment.root)
      try status.wait()
      return status.output + status.errors
    }
    // A console that joins later does not get earlier records.
    while try !status().contains("readers     2") { usleep(50_000) }
    let nodes = try deployment.startSimnet(nodes: 1, base: "127.50.0.1")
    try deployment.startConnector([publish])
    #expect(try deployment.netmine(["connect"] + nodes).status == 0)
    try console.wait(for: "messages") { console.output.contains("verack") }
    let said = try status()
    #expect(said.contains("simnet"), "\(said)")
    for program in [deployment.connector!, archive] {
      program.signal(SIGTERM)
      #expect(try program.wait() == 0, "\(program.errors)")
    }
    let written = try ArchiveFile(elsewhere.path + "archive/verbatim.log")
    var commands: Set<String> = []
    _ = try written.forEachRecord { header, body, _ in
      if header.type == .message { commands.insert("\(MessageHeader(peeking: body.bytes)!.command)") }
      return true
    }
    #expect(commands.isSuperset(of: ["version", "verack"]))
  }

  @Test(.timeLimit(.minutes(10))) func refusesASecondDaemonOnTheSameRoot() throws {
    let deployment = Deployment()
    try deployment.startLogServer()
    try deployment.startConnector()
    for (program, socket) in [(deployment.logserver!, "publish"), (deployment.connector!, "control")] {
      let second = try deployment.run(program.name, [])
      #expect(try second.wait() == 1)
      let sentence = "already running as process \(program.id), which holds \(deployment.root)run/"
      #expect(second.errors.contains("\(program.name): \(sentence)\(program.name).pid"), "\(second.errors)")
      // A daemon with a pid file of its own finds the sockets in use, and leaves them alone.
      let third = try deployment.run(program.name, ["--pidfile", deployment.root + "other.pid"])
      #expect(try third.wait() == 1)
      #expect(
        third.errors.contains("listen on \(deployment.root)\(socket), where another process listens"),
        "\(third.errors)"
      )
      #expect(program.isRunning)
    }
    #expect(try deployment.netmine(["status"]).status == 0)
    try deployment.stopAll()
  }

  @Test(
    .timeLimit(.minutes(10)),
    arguments: [
      ["connect", "127.0.0.1"], ["broadcast", "ping"], ["send", "--to", "1", "ping"], ["nodes"],
      ["disconnect", "--all"], ["status"], ["watch"], ["reload"], ["shutdown"],
    ]
  )
  func saysThatNothingRuns(_ arguments: [String]) throws {
    let outcome = try Deployment().netmine(arguments)
    #expect(outcome.status == 2)
    #expect((outcome.output + outcome.errors).contains(" answers on "), "\(outcome)")
  }
}

/// A daemon in the background that ends with its test.
private final class BackgroundDaemon {
  let id: Int32
  private let pidFile: String

  init(pidFile: String) throws {
    self.pidFile = pidFile
    let text = try String(contentsOfFile: pidFile, encoding: .utf8)
    id = try #require(Int32(text.trimmingCharacters(in: .newlines)))
  }

  deinit { if access(pidFile, F_OK) == 0 { kill(id, SIGKILL) } }
}
