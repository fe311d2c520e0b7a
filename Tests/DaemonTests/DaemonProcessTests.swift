import Foundation
import TestSupport
import Testing

/// The behaviour that all daemons share, tested on a real process.
@Suite struct DaemonProcessTests {
  let folder: TemporaryFolder

  init() throws {
    folder = TemporaryFolder()
  }

  /// Runs the sample daemon's command until it returns. A background daemon is then running.
  func sample(_ arguments: String...) throws -> (status: Int32, errors: String) {
    try folder.write("stderr", "")
    let process = try ChildProcess(
      "SampleDaemon",
      ["--root", folder.path] + arguments,
      folder: folder.path,
      errors: folder.path + "stderr"
    )
    return (process.wait(), try folder.read("stderr"))
  }

  func pid() throws -> Int32 {
    try #require(Int32(folder.read("run/sample.pid").dropLast()))
  }

  /// Ends the daemon and waits until it is gone.
  func terminate(_ pid: Int32) async throws {
    #expect(kill(pid, SIGTERM) == 0)
    while FileManager.default.fileExists(atPath: folder.path + "run/sample.pid") {
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  @Test(.timeLimit(.minutes(10))) func theCommandReturnsWhenTheDaemonIsUp() async throws {
    let outcome = try sample("--daemonize", "--logfile", "log", "--set", "connector.relay=false")
    #expect(outcome.status == 0)
    #expect(outcome.errors.isEmpty)
    let pid = try pid()
    #expect(kill(pid, 0) == 0)
    #expect(getsid(pid) != getsid(0) && getsid(pid) != pid)
    let working = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")
    #expect(working == "/")
    #expect(try folder.read("log").hasSuffix(" info     sample: ready relay=false\n"))
    let input = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/0")
    #expect(input == "/dev/null")
    try await terminate(pid)
    #expect(try folder.read("log").hasSuffix(" info     sample: done signal=15\n"))
  }

  @Test(.timeLimit(.minutes(10))) func stderrLeavesTheTerminalOnceReady() async throws {
    let outcome = try sample("--daemonize")
    #expect(outcome.status == 0)
    #expect(outcome.errors.hasSuffix("sample: ready relay=true\n"))
    let pid = try pid()
    let output = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/2")
    #expect(output == "/dev/null")
    try await terminate(pid)
  }

  @Test(.timeLimit(.minutes(10))) func aSecondInstanceFailsAndNamesTheFirst() async throws {
    #expect(try sample("--daemonize").status == 0)
    let pid = try pid()
    for arguments in [["--daemonize", "1"], ["--daemonize", "0"]] {
      let outcome = try sample(arguments[0], arguments[1])
      #expect(outcome.status == 1)
      #expect(outcome.errors.hasPrefix("sample: already running as process \(pid), which holds "))
    }
    try await terminate(pid)
  }

  @Test(.timeLimit(.minutes(10))) func theCommandTellsWhyTheDaemonIsNotUp() throws {
    let outcome = try sample("--daemonize", "--fail", "no luck")
    #expect(outcome.status == 1)
    #expect(outcome.errors == "sample: no luck\n")
    #expect(throws: (any Error).self) { try pid() }
  }

  @Test(.timeLimit(.minutes(10))) func theCommandTellsOfADaemonThatVanished() throws {
    let outcome = try sample("--daemonize", "--vanish")
    #expect(outcome.status == 1)
    #expect(outcome.errors == "sample: it ended before it was ready\n")
    // The files that it left behind are no obstacle.
    #expect(try sample("--fail", "later").errors == "sample: later\n")
  }

  @Test(.timeLimit(.minutes(10))) func aWrongConfigurationIsToldAtOnce() throws {
    try folder.write("netmine.cfg", "connector: {\n  rely = true;\n  relay = 5;\n};")
    let outcome = try sample("--daemonize")
    #expect(outcome.status == 78)
    #expect(
      outcome.errors == """
        sample: netmine.cfg:2: connector.rely: there is no such key; did you mean connector.relay?
        sample: netmine.cfg:3: connector.relay: the number 5 is given; it has to be true or false, \
        for example relay = true;

        """
    )
  }

  @Test(.enabled(if: geteuid() == 0), .timeLimit(.minutes(10)))
  func rootsPowersAreDropped() async throws {
    try folder.write("netmine.cfg", "permissions: { username = \"nobody\"; group = \"nogroup\"; };")
    let outcome = try sample("--daemonize", "--root", folder.path + "new", "--pidfile", "run/sample.pid")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let pid = try pid()
    let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
    #expect(status.contains("\nUid:\t65534\t65534\t65534\t65534\n"))
    #expect(status.contains("\nGid:\t65534\t65534\t65534\t65534\n"))
    let owner =
      try FileManager.default.attributesOfItem(atPath: folder.path + "new")[.ownerAccountID] as? Int
    #expect(owner == 65534)
    #expect(FileManager.default.fileExists(atPath: folder.path + "new/archive"))
    try await terminate(pid)
  }

  @Test(.enabled(if: geteuid() == 0)) func rootNeedsTheConfiguredUser() throws {
    try folder.write("netmine.cfg", "permissions: {\n  username = \"no-such-user\";\n};")
    let outcome = try sample()
    #expect(outcome.status == 78)
    #expect(outcome.errors.hasPrefix("sample: netmine.cfg:2: permissions.username: there is no user "))
  }
}
