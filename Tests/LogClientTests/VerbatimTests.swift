import Bytes
import Configuration
import Daemon
import EventLoop
import Glibc
import LogProtocol
import Logging
import TestSupport
import Testing

@testable import LogClientCore

@Suite struct VerbatimTests {
  let folder = TemporaryFolder()
  let log = Logger(label: "verbatim") { _ in SwiftLogNoOpLogHandler() }

  func verbatim(
    _ limits: Verbatim.Limits = Verbatim.Limits(),
    _ settings: String = ""
  ) throws -> (Verbatim, LogServerDouble) {
    let text = """
      logger: { root = "\(folder.path)"; };
      verbatim: { logpath = "\(folder.path)"; \(settings) };
      """
    folder.write(Array(text.utf8), to: "netmine.cfg")
    let configuration = try Configuration(file: folder.path + "netmine.cfg")
    let verbatim = try Verbatim(configuration, log: log, limits: limits)
    let server = try LogServerDouble(at: folder.path + "subscribe", on: verbatim.loop)
    server.greeting = Records.joined()
    return (verbatim, server)
  }

  func words(_ name: String = "verbatim.log") -> [String] {
    (try? Records.words(folder.bytes(name))) ?? []
  }

  @Test func archivesAcknowledgesAndResumes() throws {
    do {
      let (verbatim, server) = try verbatim()
      #expect(verbatim.loop.run { !server.subscriptions.isEmpty })
      #expect(server.subscriptions[0].0.isArchiving)
      #expect(server.subscriptions[0].0.types == .all)
      server.send(Records.text(1), Records.text(2))
      #expect(verbatim.loop.run { server.acknowledged == [Records.source: 2] })
      #expect(words() == ["mark", "joined 42", "debug 1", "debug 2"])
      server.disconnect()
      #expect(verbatim.loop.run { server.subscriptions.count == 2 })
      #expect(server.subscriptions[1].positions.map(\.sequence) == [2])
      server.send(Records.text(2), Records.text(3))
      #expect(verbatim.loop.run { words().last == "debug 3" })
      try verbatim.finish()
      #expect(verbatim.loop.run { server.goodbyes == 1 })
      #expect(server.acknowledged == [Records.source: 3])
    }
    let (verbatim, server) = try verbatim()
    #expect(verbatim.loop.run { !server.subscriptions.isEmpty })
    #expect(server.subscriptions[0].positions.map(\.sequence) == [3])
    server.send(Records.text(3), Records.text(5))
    #expect(verbatim.loop.run { words().last == "debug 5" })
    #expect(words().suffix(3) == ["joined 42", "gap 4...4 heldByNobody", "debug 5"])
  }

  @Test func rotatesInTwoSteps() throws {
    let (verbatim, server) = try verbatim()
    #expect(verbatim.loop.run { !server.subscriptions.isEmpty })
    server.send(Records.event(.connected, 1))
    #expect(verbatim.loop.run { server.acknowledged[Records.source] == 1 })
    verbatim.suspend()
    server.send(Records.text(2))
    #expect(verbatim.loop.run { verbatim.writer.queuedCount > 0 })
    rename(folder.path + "verbatim.log", folder.path + "verbatim.log.1")
    #expect(server.acknowledged[Records.source] == 1)
    verbatim.reopen()
    #expect(verbatim.loop.run { server.acknowledged[Records.source] == 2 })
    #expect(words("verbatim.log.1") == ["mark", "joined 42", "bitcoin 1"])
    #expect(words() == ["mark 42:1", "joined 42", "open 1", "debug 2"])
  }

  @Test func endsARotationByItself() throws {
    let (verbatim, server) = try verbatim(Verbatim.Limits(), "rotation_timeout = 0.05;")
    #expect(verbatim.loop.run { !server.subscriptions.isEmpty })
    verbatim.suspend()
    server.send(Records.text(1))
    #expect(verbatim.loop.run { server.acknowledged[Records.source] == 1 })
    #expect(words() == ["mark", "joined 42", "debug 1"])
  }

  @Test func boundsWhatWaitsForARotation() throws {
    var limits = Verbatim.Limits()
    limits.queue = 100_000
    let (verbatim, server) = try verbatim(limits)
    #expect(verbatim.loop.run { !server.subscriptions.isEmpty })
    verbatim.suspend()
    let text = String(repeating: "x", count: 1000)
    for sequence in 1...5000 as ClosedRange<UInt64> { server.send(Records.text(sequence, text)) }
    #expect(verbatim.loop.run { verbatim.state.isPaused })
    verbatim.loop.runTurns()
    #expect(verbatim.writer.queuedCount < 3_000_000)
    verbatim.reopen()
    #expect(verbatim.loop.run { server.acknowledged[Records.source] == 5000 })
    #expect(!verbatim.state.isPaused)
    #expect(words().count == 5002)
  }

  @Test func waitsForAFullDisk() throws {
    var limits = Verbatim.Limits()
    limits.retry = 0.05
    let (verbatim, server) = try verbatim(limits)
    #expect(verbatim.loop.run { words() == ["mark", "joined 42"] })
    rename(folder.path + "verbatim.log", folder.path + "verbatim.log.1")
    symlink("/dev/full", folder.path + "verbatim.log")
    verbatim.reopen()
    guard case .system(let error)? = verbatim.state.refusal else { throw IOError("fail", code: 0) }
    #expect(error.code == ENOSPC)
    server.send(Records.text(1))
    let isTaken = verbatim.loop.run { verbatim.writer.recordCount > 0 }
    #expect(isTaken)
    verbatim.loop.runTurns()
    #expect(server.acknowledged == [:])
    // The operator makes room: here with another file, and a reload that opens it.
    unlink(folder.path + "verbatim.log")
    verbatim.reload()
    #expect(verbatim.loop.run { server.acknowledged[Records.source] == 1 })
    #expect(words() == ["mark 42:0", "joined 42", "debug 1"])
  }
}
