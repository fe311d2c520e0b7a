import Bytes
import Configuration
import EventLoop
import Foundation
import LogFiles
import LogProtocol
import LogText
import TestSupport
import Testing
import Zstandard

@testable import LogClientCore

/// Segments that verbatim closes without a signal.
@Suite struct VerbatimSegmentsTests {
  let tests = VerbatimTests()
  var folder: TemporaryFolder { tests.folder }
  let text = String(repeating: "x", count: 1000)

  func verbatim(_ settings: String) throws -> (Verbatim, LogServerDouble) {
    var limits = Verbatim.Limits()
    limits.tending = 0.05
    let (verbatim, server) = try tests.verbatim(limits, settings)
    #expect(verbatim.loop.run { !server.subscriptions.isEmpty })
    return (verbatim, server)
  }

  /// The names of the closed segments, in order.
  func segments() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
      .filter { SegmentName($0, of: "verbatim.log") != nil }
  }

  /// The decompressed bytes of all segments, in order.
  func archive() throws -> [[UInt8]] {
    try segments().map { name in
      guard name.hasSuffix(".zst") else { return folder.bytes(name) }
      var space = [UInt8](repeating: 0, count: 16 << 20)
      let progress = try folder.bytes(name).withUnsafeBytes { input in
        try space.withUnsafeMutableBytes { try ZstandardDecompressor().decompress(input, to: $0) }
      }
      return Array(space[..<progress.produced])
    } + [folder.bytes("verbatim.log")]
  }

  func send(_ sequences: ClosedRange<UInt64>, _ verbatim: Verbatim, _ server: LogServerDouble) {
    for sequence in sequences {
      server.send(Records.text(sequence, text))
      if sequence % 10 == 0 {
        #expect(verbatim.loop.run { server.acknowledged[Records.source] == sequence })
      }
    }
  }

  @Test(arguments: ["none", "batch"])
  func closesSegmentsBySizeAndCompressesThem(fsync: String) throws {
    let (verbatim, server) = try verbatim("rotate_size = 50000; fsync = \"\(fsync)\";")
    server.send(Records.event(.connected, 1))
    for sequence in 2...300 as ClosedRange<UInt64> {
      server.send(Records.text(sequence, text))
      if sequence % 10 == 0 {
        #expect(verbatim.loop.run { server.acknowledged[Records.source] == sequence })
      }
    }
    #expect(verbatim.loop.run { (try? segments().allSatisfy { $0.hasSuffix(".zst") }) == true })
    #expect(verbatim.loop.run { verbatim.tender.isIdle })
    let names = try segments()
    #expect((4...7).contains(names.count), "\(names)")
    for name in names {
      let index = try SegmentIndex(folder.bytes(name + ".index").span.bytes)
      #expect(index.fileSize == UInt64(folder.bytes(name).count))
    }
    // Each segment can be read alone, and together they hold all records.
    let parts = try archive()
    for part in parts.dropFirst() {
      #expect(try Records.words(part).prefix(3).map { $0.prefix(4) } == ["mark", "join", "open"])
    }
    var report = ArchiveReport()
    for (place, part) in parts.enumerated() {
      try report.read(LogFile(folder.write(part, to: "part\(place)")))
    }
    #expect(report.isFaultless, "\(report.text)")
    #expect(report.sources.first?.recordCount == 300)
  }

  @Test func closesSegmentsByTimeWhereTheyHoldSomething() throws {
    let (verbatim, server) = try verbatim("rotate_interval = 0.2; compression = 0;")
    server.send(Records.text(1))
    #expect(verbatim.loop.run { (try? segments().count) == 1 })
    #expect(verbatim.loop.run { tests.words() == ["mark 42:1", "joined 42"] })
    var turns = 0
    let timer = TimerWatcher(on: verbatim.loop) { turns += 1 }
    timer.start(after: 0.5)
    #expect(verbatim.loop.run { turns > 0 })
    #expect(try segments().count == 1)
    server.send(Records.text(2))
    #expect(verbatim.loop.run { (try? segments().count) == 2 })
  }

  @Test func keepsToItsBudget() throws {
    let (verbatim, server) = try verbatim("rotate_size = 20000; compression = 0; keep_bytes = 50000;")
    send(1...200, verbatim, server)
    #expect(verbatim.loop.run { verbatim.tender.isIdle })
    let names = try segments()
    let total = names.reduce(0) { $0 + folder.bytes($1).count }
    #expect((1...50000).contains(total), "\(names)")
    // The newest segments are kept, without a gap.
    let first = try Records.words(folder.bytes(names[0])).first { $0.hasPrefix("debug") }
    let number = try #require(first.flatMap { UInt64($0.dropFirst(6)) })
    let found = try archive().flatMap { try Records.words($0).filter { $0.hasPrefix("debug") } }
    #expect(found == (number...200).map { "debug \($0)" })
  }

  @Test func goesOnInTheSegmentWhereItCannotBeNamed() throws {
    let (verbatim, server) = try verbatim("rotate_size = 20000; compression = 0;")
    // A folder with the name that the segment will get.
    let start = verbatim.writer.segmentStart / 1000
    mkdir(folder.path + SegmentName(start: start).text(of: "verbatim.log"), 0o755)
    send(1...40, verbatim, server)
    #expect(tests.words().count == 42)
    rmdir(folder.path + SegmentName(start: start).text(of: "verbatim.log"))
    usleep(60_000)
    send(41...50, verbatim, server)
    #expect(verbatim.loop.run { (try? segments().count) == 1 })
    #expect(try Records.words(archive()[0]).filter { $0.hasPrefix("debug") }.count == 50)
  }

  @Test func namesRiseWhereTheClockWasSetBack() throws {
    let future = SegmentName(start: 4_000_000_000_000_000)
    folder.write(StreamPreamble.bytes(createdAt: 1), to: future.text(of: "verbatim.log"))
    let (verbatim, server) = try verbatim("rotate_size = 5000; compression = 0;")
    send(1...10, verbatim, server)
    #expect(verbatim.loop.run { (try? segments().count) == 2 })
    let next = SegmentName(start: future.start + 1).text(of: "verbatim.log")
    #expect(try segments() == [future.text(of: "verbatim.log"), next])
  }

  @Test func rotatesBySignalToo() throws {
    let (verbatim, server) = try verbatim("rotate_size = 5000000;")
    server.send(Records.text(1))
    #expect(verbatim.loop.run { server.acknowledged[Records.source] == 1 })
    verbatim.suspend()
    rename(folder.path + "verbatim.log", folder.path + "verbatim.log-1")
    server.send(Records.text(2))
    verbatim.reopen()
    #expect(verbatim.loop.run { server.acknowledged[Records.source] == 2 })
    #expect(tests.words() == ["mark 42:1", "joined 42", "debug 2"])
    // verbatim did not name this segment. So it does not compress or delete it, but it does write an index.
    #expect(verbatim.loop.run { !folder.bytes("verbatim.log-1.index").isEmpty })
    #expect(tests.words("verbatim.log-1") == ["mark", "joined 42", "debug 1"])
  }

  @Test func compressesAtTheNextStartWhatWasClosedBefore() throws {
    let name = SegmentName(start: 1_000_000).text(of: "verbatim.log")
    folder.write(StreamPreamble.bytes(createdAt: 1) + Records.joined() + Records.text(1), to: name)
    let (verbatim, server) = try verbatim("")
    #expect(server.subscriptions[0].positions.map(\.sequence) == [1])
    #expect(verbatim.loop.run { (try? segments()) == [name + ".zst"] })
  }

  @Test func goesOnAfterACompressedSegment() throws {
    let records = (1...3000 as ClosedRange<UInt64>).flatMap { Records.text($0, text) }
    let long = Records.text(3001, String(repeating: "y", count: 3_000_000))
    let bytes = StreamPreamble.bytes(createdAt: 1) + Records.joined() + records + long
    let name = SegmentName(start: 1_000_000, isCompressed: true).text(of: "verbatim.log")
    folder.write(Frames.frame(bytes), to: name)
    let (_, server) = try verbatim("")
    #expect(server.subscriptions[0].positions.map(\.sequence) == [3001])
  }
}
