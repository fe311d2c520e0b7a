import Foundation
import TestSupport
import Testing

/// The program, run as a process.
@Suite struct SimnetProcessTests {
  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "simnet-" + UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  /// Starts the program in the folder.
  func start(_ arguments: String...) throws -> ChildProcess {
    try ChildProcess(
      "simnet",
      ["--root", folder.path, "--pidfile", "pid", "--logfile", "log"] + arguments,
      folder: folder.path
    )
  }

  /// Reads a file of the folder; empty if there is none.
  func read(_ name: String) -> String {
    (try? String(contentsOf: folder.appending(path: name), encoding: .utf8)) ?? ""
  }

  @Test(.timeLimit(.minutes(10))) func endsByItselfAfterItsDuration() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let process = try start(
      "--nodes",
      "3",
      "--port",
      "0",
      "--list",
      "list",
      "--truth",
      "truth",
      "--duration",
      "0.2",
      "--stats-interval",
      "0.1"
    )
    #expect(process.wait() == 0)
    let endpoints = read("list").split(separator: "\n")
    #expect(endpoints.map { $0.prefix { $0 != ":" } } == ["127.16.0.1", "127.16.0.2", "127.16.0.3"])
    #expect(read("truth").split(separator: "\n").count { $0.contains("\"event\":\"node\"") } == 3)
    #expect(read("log").contains("3 nodes at 127.16.0.1 to 127.16.0.3, port "))
    #expect(read("log").contains("done: 0 sessions"))
  }

  @Test(.timeLimit(.minutes(10))) func runsInTheBackgroundUntilItIsTold() async throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let process = try start("--nodes", "3", "--port", "0", "--list", "list", "--daemonize")
    #expect(process.wait() == 0)
    #expect(read("list").split(separator: "\n").count == 3)
    let pid = try #require(Int32(read("pid").dropLast()))
    #expect(kill(pid, SIGTERM) == 0)
    while !read("pid").isEmpty { try await Task.sleep(for: .milliseconds(5)) }
    #expect(read("log").contains("done: "))
  }

  @Test(.timeLimit(.minutes(10))) func takesItsNodesFromASnapshot() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let row = SnapshotTests.row.replacing("/Satoshi:23.0.0/", with: "/Snap:\\u0022/")
    for (text, status) in [("[\(row)]", Int32(0)), ("[[]]", 1)] {
      try text.write(to: folder.appending(path: "snapshot"), atomically: true, encoding: .utf8)
      let process = try start(
        "--nodes",
        "2",
        "--port",
        "0",
        "--population",
        "snapshot",
        "--gossip",
        "real",
        "--truth",
        "truth",
        "--duration",
        "0.1"
      )
      #expect(process.wait() == status)
    }
    #expect(read("truth").contains("\"known_as\":\"1.2.3.4:8333\""))
    #expect(read("truth").contains("\"user_agent\":\"/Snap:\\\"/\""))
  }

  @Test(.timeLimit(.minutes(10))) func failsWhereItCannotWrite() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let process = try start("--nodes", "3", "--port", "0", "--truth", "nowhere/truth")
    #expect(process.wait() == 1)
  }
}
