import Bytes
import Configuration
import Glibc
import LogProtocol
import Logging
import Synchronization
import TestSupport
import Testing

@testable import LogClientCore

/// A file system of 1 MiB in memory, mounted over a folder.
private final class SmallDisk {
  let folder: TemporaryFolder

  /// Whether this process may mount a file system.
  static let isPossible = (try? SmallDisk()) != nil

  init() throws {
    folder = TemporaryFolder()
    try Self.run("/bin/mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder.path)
  }

  func grow() throws { try Self.run("/bin/mount", "-o", "remount,size=64m", folder.path) }

  deinit { try? Self.run("/bin/umount", "-l", folder.path) }

  private static func run(_ program: String, _ arguments: String...) throws {
    let status = try ChildProcess(program, arguments, errors: "/dev/null").wait()
    guard status == 0 else { throw IOError(program, code: EPERM) }
  }
}

/// Collects log messages.
private struct Notes: LogHandler {
  final class Lines: Sendable {
    let lines = Mutex<[String]>([])
    func count(_ text: String) -> Int { lines.withLock { $0.count { $0.contains(text) } } }
  }

  let said: Lines
  var metadata = Logger.Metadata()
  var logLevel = Logger.Level.info
  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) { said.lines.withLock { $0.append("\(event.message)") } }
}

@Suite struct FullDiskTests {
  @Test(.enabled(if: SmallDisk.isPossible, "only root can mount a small disk"), arguments: ["none", "batch"])
  func keepsWhatDoesNotFitAndGoesOn(fsync: String) throws {
    let disk = try SmallDisk()
    let folder = disk.folder
    let text = """
      logger: { root = "\(folder.path)"; };
      verbatim: { logpath = "\(folder.path)"; fsync = "\(fsync)"; };
      """
    folder.write(Array(text.utf8), to: "netmine.cfg")
    let said = Notes.Lines()
    var limits = Verbatim.Limits()
    limits.retry = 0.02
    let verbatim = try Verbatim(
      Configuration(file: folder.path + "netmine.cfg"),
      log: Logger(label: "verbatim") { _ in Notes(said: said) },
      limits: limits
    )
    let server = try LogServerDouble(at: folder.path + "subscribe", on: verbatim.loop)
    server.greeting = Records.joined()
    let isSubscribed = verbatim.loop.run { !server.subscriptions.isEmpty }
    #expect(isSubscribed)
    let body = String(repeating: "x", count: 1000)
    for sequence in 1...4000 as ClosedRange<UInt64> { server.send(Records.text(sequence, body)) }
    let isTaken = verbatim.loop.run { verbatim.writer.recordCount == 4001 }
    #expect(isTaken)
    #expect(said.count("\(folder.path)verbatim.log: No space left on device") == 1)
    let acknowledged = server.acknowledged[Records.source] ?? 0
    #expect(acknowledged < 1100)
    verbatim.loop.runTurns()
    #expect(server.acknowledged[Records.source] ?? 0 < 1100)
    #expect(said.count("No space left") == 1)
    try disk.grow()
    let isSafe = verbatim.loop.run { server.acknowledged[Records.source] == 4000 }
    #expect(isSafe)
    #expect(said.count("works again") == 1)
    let words = try Records.words(folder.bytes("verbatim.log"))
    #expect(words == ["mark", "joined 42"] + (1...4000).map { "debug \($0)" })
  }
}
