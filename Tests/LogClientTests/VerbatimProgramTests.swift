import Bytes
import EventLoop
import Foundation
import LogFiles
import LogProtocol
import LogText
import TestSupport
import Testing
import Zstandard

/// The `verbatim` program, run as a process, with a log server double in this process.
@Suite(.serialized) final class VerbatimProgramTests {
  let folder = TemporaryFolder()
  let loop = EventLoop()
  let server: LogServerDouble
  var published: UInt64 = 0
  var processes: [ChildProcess] = []
  private var publishing: TimerWatcher?

  init() throws {
    server = try LogServerDouble(at: folder.path + "subscribe", on: loop)
    server.greeting = Records.joined()
    // The source keeps all records, and resends those that the archive lacks.
    server.resend = { [unowned self] positions in
      let known = positions.first { $0.instance == 42 }?.sequence ?? 0
      return known < published ? (known + 1...published).flatMap { Records.text($0) } : []
    }
    publishing = TimerWatcher(on: loop) { [unowned self] in
      for _ in 0..<100 {
        published += 1
        server.send(Records.text(published))
      }
    }
  }

  /// Starts a program from the folder of the test binaries.
  @discardableResult
  func start(_ program: String, _ arguments: [String]) throws -> ChildProcess {
    let errors = folder.path + "stderr"
    let process = try ChildProcess(program, arguments, folder: folder.path, errors: errors)
    processes.append(process)
    return process
  }

  func startVerbatim(_ options: [String] = []) throws -> ChildProcess {
    let subscribed = server.subscriptions.count
    let process = try start("verbatim", ["--root", folder.path, "--pidfile", "run/verbatim.pid"] + options)
    #expect(loop.run { server.subscriptions.count > subscribed })
    return process
  }

  func terminate(_ process: ChildProcess) -> Int32? {
    process.signal(SIGTERM)
    #expect(loop.run { !process.isRunning })
    return process.status
  }

  var errors: String { String(decoding: folder.bytes("stderr"), as: UTF8.self) }

  /// A report of all segments together.
  func report() throws -> ArchiveReport {
    let archive = folder.path + "archive/"
    for name in try FileManager.default.contentsOfDirectory(atPath: archive) where name.hasSuffix(".gz") {
      let unpacking = try start("/bin/gzip", ["-d", archive + name])
      #expect(loop.run { !unpacking.isRunning })
    }
    for name in try FileManager.default.contentsOfDirectory(atPath: archive) where name.hasSuffix(".zst") {
      let compressed = folder.bytes("archive/" + name)
      var space = [UInt8](repeating: 0, count: 64 << 20)
      let progress = try compressed.withUnsafeBytes { input in
        try space.withUnsafeMutableBytes { try ZstandardDecompressor().decompress(input, to: $0) }
      }
      folder.write(Array(space[..<progress.produced]), to: "archive/" + name.dropLast(4))
      unlink(archive + name)
    }
    // Rotated segments sort by the time in their names. The current file comes last by rule.
    let names = try FileManager.default.contentsOfDirectory(atPath: archive).sorted().filter {
      // Leave out saved tails of killed archivers, and indexes.
      !$0.hasPrefix("verbatim.log.torn-") && !$0.hasSuffix(".index")
    }
    var report = ArchiveReport()
    for name in names where name != "verbatim.log" { try report.read(LogFile(archive + name)) }
    try report.read(LogFile(archive + "verbatim.log"))
    return report
  }

  @Test func losesNothingToKillsAndSaysGoodbyeInOrder() throws {
    publishing?.start(after: 0, every: 0.001)
    for _ in 0..<3 {
      let process = try startVerbatim()
      let start = published
      #expect(loop.run { published > start + 5000 })
      process.signal(SIGKILL)
      #expect(loop.run { !process.isRunning })
    }
    let process = try startVerbatim()
    let start = published
    #expect(loop.run { server.acknowledged[Records.source] ?? 0 > start + 1000 })
    publishing?.cancel()
    #expect(loop.run { server.hasSentAll })
    #expect(terminate(process) == 0)
    #expect(loop.run { server.goodbyes == 1 && server.acknowledged[Records.source] == published })
    let report = try report()
    #expect(report.isFaultless, "\(report.text)")
    #expect(report.sources.first?.recordCount == published)
  }

  @Test(arguments: ["none", "interval", "batch"])
  func losesNothingToKillsWhileItRotates(fsync: String) throws {
    let options = [
      "--rotate-size", "150000", "--compression", "1", "--fsync", fsync, "--fsync-interval", "0.02",
    ]
    publishing?.start(after: 0, every: 0.001)
    for round in 1...8 as ClosedRange<UInt64> {
      let process = try startVerbatim(options)
      let start = published
      #expect(loop.run { published > start + 1500 * round })
      process.signal(SIGKILL)
      #expect(loop.run { !process.isRunning })
    }
    let process = try startVerbatim(options)
    let start = published
    #expect(loop.run { server.acknowledged[Records.source] ?? 0 > start + 1000 })
    publishing?.cancel()
    // The latest records are still on their way.
    #expect(loop.run { server.acknowledged[Records.source] == published })
    let archive = folder.path + "archive/"
    #expect(
      loop.run {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: archive) else { return false }
        let segments = names.filter { $0.hasPrefix("verbatim.log-") }
        return segments.allSatisfy { $0.hasSuffix(".zst") || $0.hasSuffix(".zst.index") }
          && segments.count(where: { $0.hasSuffix(".zst") }) * 2 == segments.count
      },
      "\(errors)"
    )
    #expect(terminate(process) == 0)
    let report = try report()
    #expect(report.files.count > 5)
    #expect(report.isFaultless, "\(report.text)")
    #expect(report.sources.first?.recordCount == published)
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/sbin/logrotate")))
  func losesNothingToLogrotate() throws {
    let process = try startVerbatim()
    let example = URL(filePath: #filePath).appending(path: "../../../tools/verbatim-rotate.cfg").standardized
    let text = try String(contentsOf: example, encoding: .utf8)
      .replacingOccurrences(of: "/tmp/netmine/", with: folder.path)
    folder.write(Array(text.utf8), to: "rotate.cfg")
    chmod(folder.path + "rotate.cfg", 0o644)
    publishing?.start(after: 0, every: 0.001)
    for count in 1...3 {
      let rotation = try start(
        "/usr/sbin/logrotate",
        ["--force", "--state", folder.path + "state", folder.path + "rotate.cfg"]
      )
      #expect(loop.run { !rotation.isRunning })
      #expect(rotation.status == 0, "\(errors)")
      // The name of the next rotated file must differ, so wait for the next second.
      let end = Clock.now() / 1_000_000_000 + 1
      #expect(loop.run { Clock.now() / 1_000_000_000 > end })
      #expect(loop.run { errors.components(separatedBy: "verbatim: writing to").count > count })
    }
    publishing?.cancel()
    #expect(loop.run { server.hasSentAll })
    #expect(terminate(process) == 0)
    let report = try report()
    #expect(report.files.count == 4)
    #expect(report.isFaultless, "\(report.text)")
    #expect(report.sources.first?.recordCount == published)
  }

  @Test func refusesASecondArchiver() throws {
    _ = try startVerbatim()
    let second = try start("verbatim", ["--root", folder.path, "--pidfile", "other.pid"])
    #expect(loop.run { !second.isRunning })
    #expect(second.status == 1)
    #expect(errors.contains("archive/verbatim.log is being written by another process"))
  }

  @Test func keepsWhatAFileSizeLimitDoesNotTake() throws {
    let subscribed = server.subscriptions.count
    // 64 KiB: the limit cuts a record in two.
    let command = "ulimit -f 64; exec \"$0\" --root . --pidfile run/verbatim.pid"
    let process = try start("/bin/bash", ["-c", command, ChildProcess.folder() + "verbatim"])
    #expect(loop.run { server.subscriptions.count > subscribed })
    let text = String(repeating: "x", count: 1001)
    for _ in 0..<100 {
      published += 1
      server.send(Records.text(published, text))
    }
    #expect(loop.run { errors.contains("File too large") })
    let archive = folder.path + "archive/verbatim.log"
    #expect(folder.bytes("archive/verbatim.log").count == 64 << 10)
    process.signal(SIGUSR1)
    #expect(loop.run { errors.contains("for rotation") })
    // A closed file ends with a whole record.
    let closed = folder.bytes("archive/verbatim.log")
    #expect(closed.count < 64 << 10)
    rename(archive, archive + "-1")
    process.signal(SIGUSR2)
    #expect(loop.run { server.acknowledged[Records.source] == published })
    #expect(terminate(process) == 0)
    let report = try report()
    #expect(report.isFaultless, "\(report.text)")
    #expect(report.sources.first?.recordCount == 100)
  }
}
