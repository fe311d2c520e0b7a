import Bytes
import EventLoop
import Glibc
import LogProtocol
import Observations
import TestSupport
import Testing

@testable import LogClientCore

/// An archive that is deleted, shortened or renamed while it is being written.
@Suite struct VerbatimPresenceTests {
  let tests = VerbatimTests()
  var folder: TemporaryFolder { tests.folder }

  /// Creates a verbatim that has archived and acknowledged a source's first `count` records.
  ///
  /// - Parameter presence: seconds between its checks of the file.
  func archive(
    _ count: UInt64,
    _ limits: Verbatim.Limits = Verbatim.Limits(),
    presence: Double = 0.02
  ) throws -> (Verbatim, LogServerDouble) {
    var limits = limits
    limits.presence = presence
    limits.retry = 0.05
    let (verbatim, server) = try tests.verbatim(limits)
    #expect(verbatim.loop.run { !server.subscriptions.isEmpty })
    for sequence in 1...count { server.send(Records.text(sequence)) }
    #expect(verbatim.loop.run { server.acknowledged[Records.source] == count })
    return (verbatim, server)
  }

  @Test func noticesThatTheFileWasDeletedAndAsksForTheRestAgain() throws {
    let (verbatim, server) = try archive(3)
    // The source still has record 3.
    server.resend = { $0.first?.sequence == 0 ? Records.text(3) : [] }
    unlink(folder.path + "verbatim.log")
    #expect(verbatim.loop.run { server.subscriptions.count == 2 })
    #expect(server.subscriptions[1].positions.map(\.sequence) == [0])
    server.send(Records.text(4))
    #expect(verbatim.loop.run { server.acknowledged[Records.source] == 4 })
    #expect(tests.words() == ["mark 42:0", "joined 42", "gap 1...2 heldByNobody", "debug 3", "debug 4"])
  }

  @Test func noticesItBeforeItAcknowledges() throws {
    var limits = Verbatim.Limits()
    limits.acknowledgement = 0.3
    let (verbatim, server) = try archive(1, limits, presence: 3600)
    server.send(Records.text(2))
    #expect(verbatim.loop.run { tests.words().last == "debug 2" })
    unlink(folder.path + "verbatim.log")
    #expect(verbatim.loop.run { server.subscriptions.count == 2 })
    #expect(server.acknowledged[Records.source] == 1)
  }

  @Test func makesTheFolderAgain() throws {
    let (verbatim, server) = try archive(2)
    unlink(folder.path + "verbatim.log")
    // The folder also holds the log server's socket here.
    rename(folder.path, folder.path.dropLast() + "-away")
    defer { system("rm -rf '\(folder.path.dropLast())-away'") }
    #expect(verbatim.loop.run { folder.names.contains("verbatim.log") })
    rename(String(folder.path.dropLast()) + "-away/subscribe", folder.path + "subscribe")
    #expect(verbatim.loop.run { server.subscriptions.count == 2 })
    server.send(Records.text(3))
    #expect(verbatim.loop.run { server.acknowledged[Records.source] == 3 })
    #expect(tests.words() == ["mark 42:0", "joined 42", "gap 1...2 heldByNobody", "debug 3"])
  }

  @Test func goesOnAfterTheCopyWhereTheFileWasCopiedAndTruncated() throws {
    let (verbatim, server) = try archive(3)
    folder.write(folder.bytes("verbatim.log"), to: "verbatim.log-20261128")
    server.resend = { $0.first?.sequence == 3 ? Records.text(4) : [] }
    truncate(folder.path + "verbatim.log", 0)
    #expect(verbatim.loop.run { server.acknowledged[Records.source] == 4 })
    #expect(tests.words() == ["mark 42:3", "joined 42", "debug 4"])
  }

  /// Cut in the middle of record 3, at the end of record 2, or at the start of the file; with and without
  /// later writes.
  @Test(arguments: [5, Records.text(3).count, nil] as [Int?], [false, true])
  func goesOnWhereAFileWasShortened(cut: Int?, isWrittenTo: Bool) throws {
    var limits = Verbatim.Limits()
    limits.acknowledgement = 0.3
    let (verbatim, server) = try archive(3, limits, presence: 3600)
    let bytes = folder.bytes("verbatim.log")
    let left = cut.map { bytes.count - $0 } ?? 0
    truncate(folder.path + "verbatim.log", off_t(left))
    var tail = cut == 5 ? Records.text(3).dropLast(5) : []
    if isWrittenTo {
      server.send(Records.text(4))
      #expect(verbatim.loop.run { folder.bytes("verbatim.log").count > left })
      tail += Records.text(4)
    }
    server.resend = { $0.first?.sequence ?? 0 < 4 ? Records.text(4) : [] }
    verbatim.look()
    #expect(verbatim.loop.run { server.subscriptions.count == 2 })
    #expect(server.subscriptions[1].positions.map(\.sequence) == [cut == nil ? 0 : 2])
    server.send(Records.text(5))
    #expect(verbatim.loop.run { server.acknowledged[Records.source] == 5 })
    let rest = ["joined 42", "gap \(cut == nil ? 1 : 3)...3 heldByNobody", "debug 4", "debug 5"]
    #expect(
      tests.words()
        == (cut == nil ? ["mark 42:0"] : ["mark", "joined 42", "debug 1", "debug 2"]) + rest
    )
    let names = folder.names.filter { $0.contains(CutTail.infix) }
    #expect(names.map { folder.bytes($0) } == (tail.isEmpty ? [] : [Array(tail)]))
  }

  /// Shortened twice, so that the start of one record and the end of another look like one record, and
  /// nothing follows.
  @Test func believesNoRecordThatAnotherCompleted() throws {
    var limits = Verbatim.Limits()
    limits.acknowledgement = 0.3
    let (verbatim, server) = try archive(3, limits, presence: 3600)
    let left = folder.bytes("verbatim.log").count - 5
    truncate(folder.path + "verbatim.log", off_t(left))
    server.send(Records.text(4))
    #expect(verbatim.loop.run { folder.bytes("verbatim.log").count > left })
    truncate(folder.path + "verbatim.log", off_t(left + 5))
    server.resend = { $0.first?.sequence ?? 0 < 4 ? Records.text(4) : [] }
    verbatim.look()
    #expect(verbatim.loop.run { server.acknowledged[Records.source] == 4 })
    #expect(
      tests.words()
        == ["mark", "joined 42", "debug 1", "debug 2", "joined 42", "gap 3...3 heldByNobody", "debug 4"]
    )
  }

  /// The tail cannot be saved at first, as on a full disk. Meanwhile the appended records are not trusted.
  @Test func triesAgainWhereTheTailCannotBeSaved() throws {
    let (name, away) = ("archive/x.log", folder.path + "away")
    mkdir(folder.path + "archive", 0o755)
    let writer = ArchiveWriter(folder.path + name, pool: ChunkPool())
    _ = try writer.openFirst(at: 0)
    _ = try writer.append(ChunkSlice(copying: Records.joined() + Records.text(1) + Records.text(2)), at: 0)
    _ = try writer.write()
    let kept = folder.bytes(name)
    _ = try writer.append(ChunkSlice(copying: Records.text(3)), at: 0)
    _ = try writer.write()
    let file = try #require(writer.openFile)
    // Shortened twice, so that records 3 and 4 together look like record 3.
    truncate(folder.path + name, off_t(file.size - 5))
    let whole = file.size
    _ = try writer.append(ChunkSlice(copying: Records.text(4)), at: 0)
    _ = try writer.write()
    truncate(folder.path + name, off_t(whole))
    rename(folder.path + "archive", away)
    for _ in 0..<2 { #expect(throws: ArchiveError.self) { try file.salvage(at: 0, .native) } }
    rename(away, folder.path + "archive")
    #expect(try file.salvage(at: 0, .native)?.count == UInt64(Records.text(3).count))
    #expect(folder.bytes(name) == kept)
  }

  @Test func saysAtOnceWhatIsLostOfSourcesThatAreGone() throws {
    let (verbatim, server) = try archive(3)
    let left = MetaBody.sourceLeft(source: Records.source, saidGoodbye: true, lastSequence: 3, reason: "")
    server.send(RecordHeader(type: .meta, time: 1, bodyCount: 0).record(body: left.body))
    #expect(verbatim.loop.run { tests.words().last?.hasPrefix("left") == true })
    server.greeting = []
    unlink(folder.path + "verbatim.log")
    #expect(verbatim.loop.run { server.subscriptions.count == 2 })
    #expect(verbatim.loop.run { tests.words() == ["mark 42:0", "gap 1...3 heldByNobody"] })
    #expect(server.subscriptions[1].positions.isEmpty)
  }

  @Test func beginsANewFileWhereTheFormerWasRenamedWithoutASignal() throws {
    var limits = Verbatim.Limits()
    limits.moved = 0.05
    let (verbatim, server) = try archive(2, limits)
    rename(folder.path + "verbatim.log", folder.path + "elsewhere")
    #expect(verbatim.loop.run { tests.words() == ["mark 42:2", "joined 42"] })
    server.send(Records.text(3))
    #expect(verbatim.loop.run { server.acknowledged[Records.source] == 3 })
    #expect(tests.words("elsewhere").last == "debug 2")
    #expect(server.subscriptions.count == 1)
  }

  @Test func endsWithAnErrorWhereTheFileIsGone() throws {
    let (verbatim, server) = try archive(2, presence: 3600)
    unlink(folder.path + "verbatim.log")
    #expect(throws: ArchiveError.self) { try verbatim.finish() }
    verbatim.loop.runTurns()
    #expect(server.goodbyes == 0)
  }
}
