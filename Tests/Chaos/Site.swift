import Bytes
import EventLoop
import Foundation
import Glibc
import LogProtocol
import TestSupport

/// A scenario's folder, and the programs that run in it.
final class Site {
  /// The folder, with a slash at the end.
  let root: String

  /// The archive's folder, with a slash at the end.
  var archive: String { root + "archive/" }

  /// Further options of each program, by its name.
  var settings: [String: [String]] = [:]

  /// The load sources started so far.
  var runs: [LoadRun] = []

  private var latestRun: [String: Int] = [:]
  private let keeps: Bool
  private(set) var programs: [String: Program] = [:]
  private var order: [String] = []
  private var isMounted = false
  /// The address of the simulated network's first node.
  let base: String

  /// Creates the folder.
  init(keeps: Bool) throws {
    self.keeps = keeps
    root = "/tmp/netmine-chaos-\(getpid())-\(UInt16.random(in: 0 ... .max))/"
    base = "127.\(64 + getpid() & 31).\(getpid() >> 5 & 255).1"
    for folder in [root, root + "output/", root + "archive/"] {
      guard mkdir(folder, 0o755) == 0 else { throw IOError("create the folder \(folder)") }
    }
  }

  deinit {
    for name in order { programs[name]?.signal(SIGKILL) }
    for name in order { _ = try? programs[name]?.wait() }
    unmount()
    if !keeps { try? FileManager.default.removeItem(atPath: root) }
  }

  // MARK: Programs

  /// Starts one of our programs under a name.
  @discardableResult
  func start(_ name: String, _ program: String, _ arguments: [String]) throws -> Program {
    try Interruption.check()
    let process = try Program(program, arguments, folder: root + "output/")
    programs[name] = process
    if !order.contains(name) { order.append(name) }
    return process
  }

  /// Starts a daemon in the folder.
  @discardableResult
  func start(_ name: String) throws -> Program {
    try start(name, name, ["--root", root] + settings[name, default: []])
  }

  /// Starts the log server, and waits until it accepts connections.
  @discardableResult
  func startLogServer() throws -> Program {
    let program = try start("logserver")
    try wait(for: "the log server", program) { program.errors.contains("clients/all") }
    return program
  }

  /// Starts a load source with a new instance.
  ///
  /// - Parameters:
  ///   - isTight: whether it may keep only 1 MiB instead of 256.
  ///   - isLarge: whether its records have 4 KiB.
  ///   - limit: MiB that it may keep; overrides `isTight`.
  ///   - options: further options of `chaos source`.
  @discardableResult
  func startSource(
    _ name: String,
    rate: Int,
    isTight: Bool = false,
    isLarge: Bool = false,
    limit: Int? = nil,
    options: [String] = [],
    _ random: inout SeededGenerator
  ) throws -> LoadRun {
    var number: UInt64
    var instance: UInt64
    repeat {
      number = random.next()
      instance = SourceIdentity(number: number).instance
    } while (instance & 1 == 1) != isLarge
    let path = root + "output/ledger-\(instance)"
    let run = LoadRun(instance: instance, ledger: try LoadLedger(path), isTight: isTight)
    try start(
      name,
      "chaos",
      [
        "source", "--path", root + "publish", "--ledger", path, "--number", "\(number)", "--rate",
        "\(rate)",
        "--limit", "\((limit ?? (isTight ? 1 : 256)) << 20)",
      ] + options
    )
    runs.append(run)
    latestRun[name] = runs.count - 1
    return run
  }

  /// Starts a load reader, and waits until it reads.
  func startReader(_ name: String) throws -> ReaderNotes {
    let path = root + "output/notes-\(name)"
    let notes = try ReaderNotes(path)
    // Do not count verbatim, which may be about to subscribe.
    let count = { [self] () throws in
      let status = try status()
      return status.readers - status.archivingReaders
    }
    let before = try count()
    let program = try start(name, "chaos", ["reader", "--path", root + "subscribe", "--notes", path])
    try wait(for: "\(name) to read", program) { try count() > before }
    return notes
  }

  /// Starts the simulated network, always at the same addresses.
  func startSimnet() throws {
    try start("simnet", "simnet", ["--nodes", "10", "--base", base, "--port", "28555", "--tx-rate", "50"])
  }

  /// Lets the connector connect to the simulated network, without waiting for it.
  func connect() throws {
    let stem = base.dropLast()
    try start("connect", "netmine", ["connect", "--root", root] + (1...10).map { "\(stem)\($0):28555" })
  }

  /// Sends SIGKILL to a program, and waits until it is gone.
  func kill(_ name: String) throws {
    guard let program = programs[name] else { return }
    program.signal(SIGKILL)
    try wait(for: "\(name) to be gone", program) { !program.isRunning }
    if let run = latestRun[name] { runs[run].wasKilled = true }
  }

  /// Sends SIGTERM to a program, and waits for its end.
  func stop(_ name: String) throws {
    guard let program = programs[name] else { return }
    program.signal(SIGTERM)
    try wait(for: "\(name) to end", program, timeout: 120) { !program.isRunning }
    guard try program.wait() == 0 else {
      throw Program.Failure(description: "\(name) failed: \(program.errors.suffix(2000))")
    }
  }

  /// Waits for a condition; if it does not come, the error quotes the program's stderr.
  func wait(
    for what: String,
    _ program: Program,
    timeout: Double = 60,
    until condition: () throws -> Bool
  ) throws {
    let deadline = Clock.monotonic() + UInt64(timeout * 1e9)
    while try !condition() {
      guard Clock.monotonic() < deadline else {
        throw Program.Failure(
          description: "waited \(Int(timeout)) s for \(what); stderr: \(program.errors.suffix(2000))"
        )
      }
      try pause(0.005)
    }
  }

  /// Waits until every record published so far is acknowledged.
  func awaitArchived(timeout: Double = 60) throws {
    let goals = runs.map(\.ledger.lastSequence)
    try wait(for: "everything to be archived", programs["verbatim"]!, timeout: timeout) {
      zip(runs, goals).allSatisfy { $0.ledger.acknowledged >= $1 }
    }
  }

  /// Stops the load sources, then the log server, then `verbatim`, each when it has everything from the ones
  /// before.
  func stopAll() throws {
    for name in order where latestRun[name] != nil { try stop(name) }
    let (verbatim, logserver) = (programs["verbatim"]!, programs["logserver"]!)
    try wait(for: "the sources to leave", logserver) { try status().sources.isEmpty }
    let losses = { verbatim.errors.ranges(of: "no log server").count }
    let before = losses()
    try stop("logserver")
    try wait(for: "the end of the stream", verbatim) { losses() > before }
    try stop("verbatim")
  }

  /// Runs a client command to its end.
  func run(_ name: String, _ arguments: [String], timeout: Double = 300) throws -> Program {
    let program = try start("command", name, arguments)
    try wait(for: "\(name) to end", program, timeout: timeout) { !program.isRunning }
    return program
  }

  /// The log server's status.
  func status() throws -> ServerStatus {
    let client = try RawSocket(root + "subscribe")
    defer { client.close() }
    try client.write(LinkMessage.statusRequest.record(at: 0))
    var status: ServerStatus?
    try client.read(seconds: 10) { link in
      if case .status(let answer) = link { status = answer }
      return status == nil
    }
    guard let status else { throw Program.Failure(description: "the log server does not report its status") }
    return status
  }

  // MARK: The archive's disk

  /// Mounts a file system in memory for the archive; returns the reason if that is not permitted.
  func mount(megabytes: Int) throws -> String? {
    let program = try run(
      "/bin/mount",
      ["-t", "tmpfs", "-o", "size=\(megabytes)m,mode=0755", "netmine-chaos", archive]
    )
    guard try program.wait() == 0 else {
      return "mounting a file system failed: \(program.errors.split(separator: "\n").first ?? "")"
    }
    isMounted = true
    return nil
  }

  /// Sets the size of the archive's file system.
  func resize(megabytes: Int) throws {
    let program = try run("/bin/mount", ["-o", "remount,size=\(megabytes)m", archive])
    guard try program.wait() == 0 else { throw Program.Failure(description: program.errors) }
  }

  /// The used space of the archive's file system, in MiB.
  func usedMegabytes() -> Int {
    var state = statvfs()
    guard statvfs(archive, &state) == 0 else { return 0 }
    return Int(((state.f_blocks - state.f_bfree) * state.f_frsize) >> 20)
  }

  private func unmount() {
    guard isMounted, let program = try? Program("/bin/umount", ["--lazy", archive], folder: root + "output/")
    else {
      return
    }
    _ = try? program.wait()
  }
}

/// A process as the system sees it.
struct ProcessView {
  let id: Int32

  /// Memory in bytes, from `VmRSS` or `VmHWM`.
  func memory(_ key: String) -> UInt64 {
    let text = (try? String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix(key + ":") }
    return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { UInt64($0) } ?? 0) << 10
  }

  /// The number of open descriptors.
  var descriptors: Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/fd").count) ?? 0
  }
}
