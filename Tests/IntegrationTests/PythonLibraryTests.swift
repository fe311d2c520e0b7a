import Foundation
import Glibc
import TestSupport
import Testing

/// `libraries/python`, with its own tests and with our programs.
@Suite(.serialized, .enabled(if: Program.python != nil, "needs Python 3"))
struct PythonLibraryTests {
  static let library = PipelineTests.repository + "libraries/python/"

  /// Runs Python with the package in its path.
  static func python(_ arguments: [String], in folder: String) throws -> Program {
    try Program(
      Program.python!,
      arguments,
      folder: folder,
      environment: ["PYTHONPATH": library, "PYTHONDONTWRITEBYTECODE": "1"]
    )
  }

  @Test func itsOwnTestsPass() throws {
    let folder = TemporaryFolder()
    let arguments = ["-m", "unittest", "discover", "-s", Self.library + "tests", "-t", Self.library]
    let tests = try Self.python(arguments, in: folder.path)
    #expect(try tests.wait(timeout: 120) == 0, "\(tests.errors.suffix(3000))")
    let count = tests.errors.firstMatch(of: /Ran (\d+) tests/).flatMap { Int($0.output.1) } ?? 0
    #expect(count > 40)
  }

  @Test func commandsAConnectorAndReadsWhatItSays() throws {
    let deployment = Deployment()
    let key = try deployment.keyFile()
    let server = try deployment.startLogServer([
      "logger.subscribe_listen=127.0.0.1:0", "permissions.key_file=\(key)",
    ])
    try deployment.startVerbatim().wait(forError: "connected to the log server")
    let nodes = try deployment.startSimnet(nodes: 3, base: "127.80.0.1", ["--tx-rate", "20"])
    let connector = try deployment.startConnector([
      "connector.control_tcp=127.0.0.1:0", "permissions.key_file=\(key)",
    ])
    try connector.wait(forError: "joined the log server")
    let live = try Self.python(
      [
        Self.library + "tests/live.py", "--control", deployment.root + "control", "--stream",
        deployment.root + "subscribe", "--control", try Self.port(of: connector), "--stream",
        try Self.port(of: server), "--key", key, "--archive", deployment.archive,
      ] + nodes,
      in: deployment.root
    )
    #expect(try live.wait(timeout: 120) == 0, "\(live.errors.suffix(3000))")
    #expect(live.output == "all is well\n")
    #expect(try connector.wait() == 0)
  }

  @Test func itsExamplesRun() throws {
    let deployment = Deployment()
    try deployment.startLogServer()
    try deployment.startVerbatim().wait(forError: "connected to the log server")
    let nodes = try deployment.startSimnet(
      nodes: 3,
      base: "127.81.0.1",
      ["--tx-rate", "20", "--hop-delay", "0.2"]
    )
    try deployment.startConnector().wait(forError: "joined the log server")
    let sockets = ["--control", deployment.root + "control", "--stream", deployment.root + "subscribe"]
    func example(_ name: String, _ arguments: [String]) throws -> Program {
      let path = Self.library + "examples/\(name).py"
      return try Self.python(["-W", "error::DeprecationWarning", path] + arguments, in: deployment.root)
    }
    let listen = try example("listen", [nodes[0], "--seconds", "3"] + sockets)
    #expect(try listen.wait(timeout: 60) == 0, "\(listen.errors)")
    #expect(listen.lines.contains { $0.contains(" version /") })
    #expect(listen.lines.contains { $0.contains(" inv wtx ") || $0.contains(" inv tx ") })
    let refused = try example("listen", ["127.81.0.1:1"] + sockets)
    #expect(try refused.wait(timeout: 60) == 1)
    #expect(refused.errors == "127.81.0.1:1: refused\n")
    #expect(try deployment.netmine(["connect", nodes[1], nodes[2]]).status == 0)
    let broadcast = try example("broadcast", ["--seconds", "2"] + sockets)
    #expect(try broadcast.wait(timeout: 60) == 0, "\(broadcast.errors)")
    #expect(broadcast.output.contains("asked 3 connections; 3 named "))
    let live = try example("inv_times", ["--seconds", "2"] + sockets.suffix(2))
    #expect(try live.wait(timeout: 60) == 0, "\(live.errors)")
    try deployment.stopAll()
    // The archive gives the same result, and more.
    let archived = try example("inv_times", [deployment.archive])
    #expect(try archived.wait(timeout: 60) == 0, "\(archived.errors)")
    #expect(live.lines.count > 5)
    #expect(archived.lines.count > live.lines.count)
    #expect(live.lines.allSatisfy(Set(archived.lines).contains))
    #expect(nodes.allSatisfy { node in archived.lines.contains { $0.contains(",\(node),") } })
  }

  @Test(.enabled(if: canInstall, "needs Python's setuptools 70.1 or later"))
  func isInstalledByPip() throws {
    let folder = TemporaryFolder()
    // pip builds in the given folder, so use a copy.
    try FileManager.default.copyItem(atPath: String(Self.library.dropLast()), toPath: folder.path + "library")
    let pip = try Program(
      Program.python!,
      ["-m", "pip", "install", "--quiet", "--no-index", "--no-build-isolation"]
        + ["--disable-pip-version-check", "--target", folder.path + "site", folder.path + "library"],
      folder: folder.path
    )
    #expect(try pip.wait(timeout: 120) == 0, "\(pip.errors)")
    let use = try Program(
      Program.python!,
      ["-c", "import netmine; print(netmine.__file__)"],
      folder: folder.path,
      environment: ["PYTHONPATH": folder.path + "site"]
    )
    #expect(try use.wait() == 0, "\(use.errors)")
    #expect(use.output.contains(folder.path + "site"))
    #expect(access(folder.path + "site/netmine/py.typed", R_OK) == 0)
  }

  static let canInstall: Bool = {
    let folder = TemporaryFolder()
    guard let python = Program.python,
      let program = try? Program(
        python,
        ["-c", "import setuptools.command.bdist_wheel, pip"],
        folder: folder.path
      )
    else { return false }
    return (try? program.wait()) == 0
  }()

  /// The port of a program that listens on TCP on loopback, from its log.
  static func port(of program: Program) throws -> String {
    let match = program.errors.firstMatch(of: /on=(127\.0\.0\.1:\d+)/)
    return String(try #require(match, "\(program.errors)").output.1)
  }
}

extension Deployment {
  /// A file with a key that only this user can read.
  func keyFile() throws -> String {
    let path = try folder.write("key", String(repeating: "0123456789abcdef", count: 4) + "\n")
    chmod(path, 0o600)
    return path
  }
}
