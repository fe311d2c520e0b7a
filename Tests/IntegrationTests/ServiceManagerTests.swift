import Bytes
import Foundation
import Glibc
import TestSupport
import Testing

/// The daemons' messages to systemd; a socket of the test takes the place of systemd.
@Suite struct ServiceManagerTests {
  /// A datagram socket, and the datagrams that it received.
  private final class Manager {
    let name: String
    private let descriptor: Int32
    private var words: [String] = []

    /// - Parameter name: the socket's path, or "@" and an abstract name.
    init(_ name: String) throws {
      self.name = name
      let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
      descriptor = socket(AF_UNIX, type, 0)
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      let bytes = name.hasPrefix("@") ? [0] + Array(name.utf8.dropFirst()) : Array(name.utf8)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
      let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
      let bound = withUnsafePointer(to: address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
      }
      guard bound == 0 else { throw IOError("bind \(name)") }
    }

    deinit { close(descriptor) }

    /// The lines received so far.
    var lines: [String] {
      var buffer = [UInt8](repeating: 0, count: 4096)
      while case let count = recv(descriptor, &buffer, buffer.count, 0), count > 0 {
        words += String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
      }
      return words
    }
  }

  @Test(
    .timeLimit(.minutes(10)),
    arguments: ["logserver", "connector", "verbatim"],
    [true, false]
  )
  func tellTheServiceManagerHowTheyAre(_ name: String, isAbstract: Bool) throws {
    let folder = TemporaryFolder()
    let manager = try Manager(
      isAbstract ? "@netmine-test-\(getpid())-\(name)" : folder.path + "notify"
    )
    let network = name == "connector" ? ["--network", "simnet"] : []
    let program = try Program(
      name,
      ["--root", folder.path] + network,
      folder: folder.path,
      environment: ["NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "200000"]
    )
    try program.wait(for: "READY") { manager.lines.contains("READY=1") }
    #expect(manager.lines.contains("MAINPID=\(program.id)"))
    try program.wait(for: "signs of life") { manager.lines.filter { $0 == "WATCHDOG=1" }.count >= 3 }
    if name == "connector" {
      try program.wait(for: "its status") {
        manager.lines.contains { $0.hasPrefix("STATUS=simnet: 0 outbound peers") }
      }
    }
    program.signal(SIGHUP)
    try program.wait(for: "the end of reloading") {
      let lines = manager.lines
      return lines.firstIndex(of: "RELOADING=1").map { lines[$0...].contains("READY=1") } ?? false
    }
    #expect(manager.lines.contains { $0.hasPrefix("MONOTONIC_USEC=") && Int($0.dropFirst(15))! > 0 })
    #expect(!manager.lines.contains("STOPPING=1"))
    program.signal(SIGTERM)
    #expect(try program.wait() == 0)
    #expect(manager.lines.contains("STOPPING=1"))
  }

  /// A socket that does not exist, is meant for another process, or has an invalid name does no harm.
  @Test(
    .timeLimit(.minutes(10)),
    arguments: [
      ["NOTIFY_SOCKET": "/nowhere/notify"], ["NOTIFY_SOCKET": "vsock:2:1234"], ["NOTIFY_SOCKET": ""],
      ["NOTIFY_SOCKET": "@" + String(repeating: "n", count: 200), "WATCHDOG_USEC": "-1"],
      ["NOTIFY_SOCKET": "/nowhere/notify", "WATCHDOG_USEC": "100000", "WATCHDOG_PID": "1"],
    ]
  )
  func runWithoutAServiceManagerThatHears(_ environment: [String: String]) throws {
    let folder = TemporaryFolder()
    let program = try Program(
      "logserver",
      ["--root", folder.path],
      folder: folder.path,
      environment: environment
    )
    try program.wait(forError: "clients/all")
    program.signal(SIGTERM)
    #expect(try program.wait() == 0)
  }

  /// systemd accepts the units.
  @Test(
    .enabled(if: Program.path(of: "systemd-analyze") != nil),
    .timeLimit(.minutes(10)),
    arguments: [
      ("logserver", ["logserver"]), ("verbatim", ["verbatim"]), ("connector", ["connector"]),
      ("crawl", ["netmine", "crawl", "run"]),
    ]
  )
  func areUnitsThatSystemdUnderstands(_ name: String, command: [String]) throws {
    let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let folder = TemporaryFolder()
    let unit = try String(
      contentsOf: sources.appending(path: "tools/systemd/netmine-\(name).service"),
      encoding: .utf8
    )
    // systemd-analyze also checks that the program exists.
    let path = "/usr/local/bin/\(command[0])"
    #expect(unit.contains("ExecStart=/usr/local/bin/\(command.joined(separator: " ")) "))
    try folder.write("netmine-\(name).service", unit.replacingOccurrences(of: path, with: "/bin/true"))
    let analyze = try Program(
      Program.path(of: "systemd-analyze")!,
      ["verify", "--recursive-errors=no", folder.path + "netmine-\(name).service"],
      folder: folder.path
    )
    let status = try analyze.wait()
    #expect(
      status == 0 && !(analyze.output + analyze.errors).contains("netmine-\(name)"),
      "\(analyze.errors)"
    )
    // The unit uses only options that the program has.
    let help = try Program(command[0], command.dropFirst() + ["--help"], folder: folder.path)
    try help.wait()
    for word in unit.split(whereSeparator: \.isWhitespace) where word.hasPrefix("--") {
      #expect(help.output.contains(word), "\(word)")
    }
  }
}
