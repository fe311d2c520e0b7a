import Bytes
import Configuration
import EventLoop
import Glibc
import LogProtocol
import Logging
import Synchronization
import TestSupport
import Testing

@testable import LogClientCore

/// Flushing to disk: late, and with errors.
@Suite struct VerbatimSynchronisingTests {
  /// A simulated disk that a test controls.
  final class Disk: Sendable {
    private let codes = Mutex<[Int32]>([])
    private let count = Atomic(0)
    let isSlow = Atomic(false)
    var callCount: Int { count.load(ordering: .sequentiallyConsistent) }
    func fail(_ codes: Int32...) { self.codes.withLock { $0 = codes } }
    func synchronise(_ descriptor: Int32) -> Int32 {
      count.add(1, ordering: .sequentiallyConsistent)
      while isSlow.load(ordering: .sequentiallyConsistent) { usleep(1000) }
      return codes.withLock { $0.isEmpty ? 0 : $0.removeFirst() }
    }
  }

  let tests = VerbatimTests()
  let disk = Disk()
  var folder: TemporaryFolder { tests.folder }

  func verbatim(_ settings: String) throws -> (Verbatim, LogServerDouble) {
    var limits = Verbatim.Limits()
    limits.retry = 0.05
    limits.synchronise = { [disk] in disk.synchronise($0) }
    let (verbatim, server) = try tests.verbatim(limits, settings)
    #expect(verbatim.loop.run { !server.subscriptions.isEmpty })
    return (verbatim, server)
  }

  @Test func asksTheDiskOnlyWhereItShall() throws {
    let (verbatim, server) = try verbatim("fsync = \"none\";")
    server.send(Records.text(1))
    #expect(verbatim.loop.run { server.acknowledged[Records.source] == 1 })
    try verbatim.finish()
    #expect(disk.callCount == 0)
  }

  @Test func acknowledgesWhatTheDiskHas() throws {
    let (verbatim, server) = try verbatim("fsync = \"batch\";")
    server.send(Records.text(1))
    #expect(verbatim.loop.run { server.acknowledged[Records.source] == 1 })
    #expect(disk.callCount > 0)
    disk.isSlow.store(true, ordering: .sequentiallyConsistent)
    server.send(Records.text(2))
    #expect(verbatim.loop.run { tests.words().last == "debug 2" })
    // The stream continues while the flush is slow.
    server.send(Records.text(3))
    #expect(verbatim.loop.run { tests.words().last == "debug 3" })
    verbatim.loop.runTurns()
    #expect(server.acknowledged[Records.source] == 1)
    disk.isSlow.store(false, ordering: .sequentiallyConsistent)
    #expect(verbatim.loop.run { server.acknowledged[Records.source] == 3 })
  }

  @Test func asksTheDiskOnceAnInterval() throws {
    let (verbatim, server) = try verbatim("fsync = \"interval\"; fsync_interval = 0.2;")
    let start = Clock.monotonic()
    for sequence in 1...5 as ClosedRange<UInt64> {
      server.send(Records.text(sequence))
      #expect(verbatim.loop.run { tests.words().last == "debug \(sequence)" })
    }
    #expect(verbatim.loop.run { server.acknowledged[Records.source] == 5 })
    let intervals = Int((Clock.monotonic() - start) / 200_000_000) + 1
    #expect((1...intervals + 1).contains(disk.callCount), "\(disk.callCount) in \(intervals) intervals")
  }

  @Test func tellsAReturningServerWhatIsSafe() throws {
    let (verbatim, server) = try verbatim("fsync = \"interval\"; fsync_interval = 60.0;")
    server.send(Records.text(1))
    #expect(verbatim.loop.run { tests.words().last == "debug 1" })
    #expect(server.acknowledged == [:])
    let before = disk.callCount
    server.disconnect()
    #expect(verbatim.loop.run { server.subscriptions.count == 2 })
    #expect(server.subscriptions[1].positions.map(\.sequence) == [1])
    #expect(disk.callCount == before + 1)
  }

  /// The log server comes back, and the configuration is reloaded, while a flush hangs. Signals, the watchdog
  /// and other events are still handled.
  @Test func waitsForTheDiskOnlyBetweenEvents() throws {
    let (verbatim, server) = try verbatim("fsync = \"interval\"; fsync_interval = 60.0;")
    server.send(Records.text(1))
    #expect(verbatim.loop.run { tests.words().last == "debug 1" })
    let before = disk.callCount
    disk.isSlow.store(true, ordering: .sequentiallyConsistent)
    server.disconnect()
    #expect(verbatim.loop.run { disk.callCount == before + 1 })
    verbatim.reload()
    verbatim.loop.runTurns()
    #expect(server.subscriptions.count == 1)
    disk.isSlow.store(false, ordering: .sequentiallyConsistent)
    #expect(verbatim.loop.run { server.subscriptions.count == 2 && verbatim.state.isWriting })
    #expect(server.subscriptions[1].positions.map(\.sequence) == [1])
    server.send(Records.text(2))
    #expect(verbatim.loop.run { tests.words().last == "debug 2" })
  }

  @Test func beginsANewSegmentWhenTheDiskHasTheFormer() throws {
    let (verbatim, server) = try verbatim("fsync = \"interval\"; fsync_interval = 60.0;")
    server.send(Records.text(1))
    #expect(verbatim.loop.run { tests.words().last == "debug 1" })
    disk.isSlow.store(true, ordering: .sequentiallyConsistent)
    verbatim.suspend()
    rename(folder.path + "verbatim.log", folder.path + "verbatim.log.1")
    verbatim.reopen()
    server.send(Records.text(2))
    verbatim.loop.runTurns()
    #expect(tests.words().isEmpty)
    disk.isSlow.store(false, ordering: .sequentiallyConsistent)
    #expect(verbatim.loop.run { tests.words() == ["mark 42:1", "joined 42", "debug 2"] })
    #expect(verbatim.loop.run { server.acknowledged[Records.source] == 1 })
    try verbatim.finish()
    #expect(verbatim.loop.run { server.acknowledged[Records.source] == 2 && server.goodbyes == 1 })
  }

  @Test(arguments: ["batch", "interval"])
  func asksAgainForWhatTheDiskHasLost(_ policy: String) throws {
    let (verbatim, server) = try verbatim("fsync = \"\(policy)\"; fsync_interval = 0.05;")
    server.resend = { positions in
      let known = positions.first { $0.instance == 42 }?.sequence ?? 0
      return known < 3 ? (known + 1...3).flatMap { Records.text($0) } : []
    }
    server.send(Records.text(1))
    #expect(verbatim.loop.run { server.acknowledged[Records.source] == 1 })
    disk.fail(EIO, 0, EIO)
    server.send(Records.text(2), Records.text(3))
    #expect(verbatim.loop.run { server.subscriptions.count == 2 })
    #expect(server.goodbyes == 0)
    #expect(server.subscriptions[1].positions.map(\.sequence) == [1])
    #expect(verbatim.loop.run { server.acknowledged[Records.source] == 3 })
    let records = tests.words().filter { $0.hasPrefix("debug") || $0.hasPrefix("gap") }
    #expect(records == ["debug 1", "debug 2", "debug 3"])
    #expect(verbatim.state.isWriting)
  }

  @Test func saysNoGoodbyeWhereTheDiskHasNotAll() throws {
    let (verbatim, server) = try verbatim("fsync = \"interval\"; fsync_interval = 60.0;")
    server.send(Records.text(1))
    #expect(verbatim.loop.run { tests.words().last == "debug 1" })
    disk.fail(EIO, EIO)
    #expect(throws: ArchiveError.self) { try verbatim.finish() }
    verbatim.loop.runTurns()
    #expect(server.goodbyes == 0)
    #expect(server.acknowledged == [:])
  }
}
