import Bytes
import Foundation
import LogProtocol
import TestSupport
import Testing
import Zstandard

@testable import LogClientCore

@Suite struct SegmentKeeperTests {
  let folder = TemporaryFolder()
  let cancellation = SegmentKeeper.Cancellation()

  func keeper(_ rules: SegmentKeeper.Rules, closedInode: UInt64? = nil) -> SegmentKeeper {
    SegmentKeeper(
      folder: folder.path,
      archive: "verbatim.log",
      rules: rules,
      closedInode: closedInode,
      cancellation: cancellation
    )
  }

  func name(_ second: UInt64, isCompressed: Bool = false) -> String {
    SegmentName(start: second * 1_000_000, isCompressed: isCompressed).text(of: "verbatim.log")
  }

  func segment(_ second: UInt64, _ count: Int = 2000) -> [UInt8] {
    let bytes = StreamPreamble.bytes(createdAt: second) + Records.joined()
    return bytes + (1...UInt64(count)).flatMap { Records.text($0, String(repeating: "x", count: 500)) }
  }

  func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  }

  func decompressed(_ name: String) throws -> [UInt8] {
    var space = [UInt8](repeating: 0, count: 64 << 20)
    let decompressor = ZstandardDecompressor()
    let progress = try folder.bytes(name).withUnsafeBytes { input in
      try space.withUnsafeMutableBytes { try decompressor.decompress(input, to: $0) }
    }
    try decompressor.finish()
    return Array(space[..<progress.produced])
  }

  @Test func namesSortByTime() throws {
    let name = SegmentName(start: 1_767_323_045_678_901)
    #expect(name.text(of: "verbatim.log") == "verbatim.log-20260102T030405.678901Z")
    #expect(SegmentName("verbatim.log-20260102T030405.678901Z", of: "verbatim.log") == name)
    let compressed = try #require(SegmentName("a-20260102T030405.000001Z.zst", of: "a"))
    #expect(compressed == SegmentName(start: 1_767_323_045_000_001, isCompressed: true))
    for other in [
      "verbatim.log", "verbatim.log-2026-01-02-1767323045", "verbatim.log-20260102T030405.678901Z.index",
      "verbatim.log-20260102T030405.678901Z.zst.index", "verbatim.log-20260102X030405.678901Z",
      "verbatim.log-20260102T030405,678901Z", "verbatim.log.1", "other-20260102T030405.678901Z",
      "verbatim.log-20260102T030405.678901Z.gz", "verbatim.log-2026010:T030405.678901Z",
    ] {
      #expect(SegmentName(other, of: "verbatim.log") == nil, "\(other)")
    }
  }

  @Test func compressesClosedSegmentsAndIndexesThem() throws {
    let bytes = segment(1, 20_000)
    folder.write(bytes, to: name(1))
    folder.write(Array("open".utf8), to: "verbatim.log")
    folder.write(Array("other".utf8), to: "notes.txt")
    let notes = keeper(.init(compression: 3)).tend(openStart: 5_000_000, at: 9_000_000)
    let compressed = name(1, isCompressed: true)
    #expect(try names() == ["notes.txt", "verbatim.log", compressed, compressed + ".index"])
    guard case .compressed(name(1), UInt64(bytes.count), let after)? = notes.first, notes.count == 1 else {
      return #expect(Bool(false), "\(notes)")
    }
    #expect(after == UInt64(folder.bytes(compressed).count))
    #expect(try decompressed(compressed) == bytes)
    let index = try SegmentIndex(folder.bytes(compressed + ".index").span.bytes)
    #expect(index == (try SegmentIndex(building: folder.path + compressed, format: .native)))
    #expect(index.blocks.count == 3)
    // A second call finds nothing to do.
    #expect(keeper(.init(compression: 3)).tend(openStart: 5_000_000, at: 9_000_000) == [])
  }

  @Test(arguments: [[], [1, 2, 3], [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 9] as [UInt8]])
  func compressesWhateverIsInIt(tail: [UInt8]) throws {
    let bytes = segment(1, 3) + tail
    folder.write(bytes, to: name(1))
    _ = keeper(.init(compression: 1)).tend(openStart: 5, at: 9)
    #expect(try decompressed(name(1, isCompressed: true)) == bytes)
    let index = try SegmentIndex(folder.bytes(name(1, isCompressed: true) + ".index").span.bytes)
    #expect(index.size == UInt64(bytes.count))
  }

  @Test func indexesOnlyWhereNothingIsCompressed() throws {
    folder.write(segment(1), to: name(1))
    #expect(keeper(.init()).tend(openStart: 5, at: 9) == [])
    #expect(try names() == [name(1), name(1) + ".index"])
    let index = try SegmentIndex(folder.bytes(name(1) + ".index").span.bytes)
    #expect(index.fileSize == UInt64(folder.bytes(name(1)).count))
  }

  @Test func indexesWhatSomebodyElseRotated() throws {
    folder.write(segment(1), to: "verbatim.log.1")
    folder.write([1], to: "verbatim.log.1.index")
    folder.write([1], to: "verbatim.log.9.index")
    var state = stat()
    stat(folder.path + "verbatim.log.1", &state)
    let notes = keeper(.init(compression: 3, keepBytes: 1), closedInode: UInt64(state.st_ino)).tend(
      openStart: 5,
      at: 9
    )
    #expect(notes == [.cleaned("verbatim.log.9.index", "its segment is gone")])
    #expect(try names() == ["verbatim.log.1", "verbatim.log.1.index"])
    let index = try SegmentIndex(folder.bytes("verbatim.log.1.index").span.bytes)
    #expect(index.fileSize == UInt64(state.st_size))
  }

  @Test func deletesTheOldestBeyondTheBytesAndNothingElse() throws {
    for second in 1...5 as ClosedRange<UInt64> { folder.write(segment(second), to: name(second)) }
    folder.write(segment(6), to: "verbatim.log")
    folder.write([1], to: "verbatim.log.torn-5")
    let size = UInt64(segment(1).count)
    let rules = SegmentKeeper.Rules(keepBytes: 2 * size + 100)
    let notes = keeper(rules).tend(openStart: 6_000_000, at: 9_000_000)
    #expect(notes.count == 3)
    guard
      case .deleted(
        name(1),
        size,
        "the closed segments have \(5 * size) bytes, more than \(2 * size + 100)"
      )? =
        notes.first
    else { return #expect(Bool(false), "\(notes)") }
    let kept = [name(4), name(4) + ".index", name(5), name(5) + ".index"]
    #expect(try names() == ["verbatim.log"] + kept + ["verbatim.log.torn-5"])
    // A limit smaller than one segment deletes all of them.
    _ = keeper(.init(keepBytes: 1)).tend(openStart: 6_000_000, at: 9_000_000)
    #expect(try names() == ["verbatim.log", "verbatim.log.torn-5"])
  }

  @Test func deletesWhatIsTooOldByItsLastRecord() throws {
    for second in [100, 200, 300] as [UInt64] { folder.write(segment(second, 2), to: name(second)) }
    let rules = SegmentKeeper.Rules(keepTime: 50_000_000)
    // The segment of 200 ends at 300. The segment of 300 ends where the open one starts.
    var notes = keeper(rules).tend(openStart: 400_000_000, at: 349_000_000)
    #expect(notes == [.deleted(name(100), UInt64(segment(100, 2).count), "it ended 0 days ago")])
    notes = keeper(rules).tend(openStart: 400_000_000, at: 449_000_000)
    #expect(notes.count == 1)
    #expect(try names() == [name(300), name(300) + ".index"])
    notes = keeper(rules).tend(openStart: 400_000_000, at: 451_000_000)
    #expect(notes.count == 1)
  }

  @Test func finishesWhatACrashHasLeft() throws {
    let bytes = segment(1)
    // Crashes while compressing, while renaming, and before removing the uncompressed segment.
    folder.write(bytes, to: name(1))
    folder.write([1, 2], to: name(1, isCompressed: true) + ".partial")
    folder.write(bytes, to: name(2))
    folder.write([1, 2], to: name(2, isCompressed: true) + ".index")
    folder.write(bytes, to: name(3))
    folder.write(Frames.frame(bytes), to: name(3, isCompressed: true))
    let notes = keeper(.init(compression: 3)).tend(openStart: 5, at: 9)
    #expect(notes.contains(.cleaned(name(1, isCompressed: true) + ".partial", "it was not finished")))
    #expect(notes.contains(.cleaned(name(2, isCompressed: true) + ".index", "its segment is gone")))
    #expect(notes.count == 5)
    let compressed = (1...3).map { name($0, isCompressed: true) }
    #expect(try names() == compressed.flatMap { [$0, $0 + ".index"] })
    for name in compressed { #expect(try decompressed(name) == bytes) }
  }

  @Test func leavesTheSegmentWhereItCannotBeCompressed() throws {
    let bytes = segment(1)
    folder.write(bytes, to: name(1))
    mkdir(folder.path + name(1, isCompressed: true) + ".partial", 0o755)
    let notes = keeper(.init(compression: 3)).tend(openStart: 5, at: 9)
    guard case .failed(let reason)? = notes.first, notes.count == 1 else {
      return #expect(Bool(false), "\(notes)")
    }
    #expect(reason.contains(".zst.partial: Is a directory"))
    #expect(folder.bytes(name(1)) == bytes)
  }

  @Test func stopsWhereItIsCancelled() throws {
    folder.write(segment(1, 20_000), to: name(1))
    cancellation.cancel()
    #expect(keeper(.init(compression: 3)).tend(openStart: 5, at: 9) == [])
    #expect(try names() == [name(1)])
    let path = folder.path + name(1)
    var asked = 0
    let index = try SegmentCompressor.compress(path, format: .native, level: 3) {
      asked += 1
      return asked > 1
    }
    #expect(index == nil)
    #expect(try names() == [name(1)])
  }
}

enum Frames {
  static func frame(_ bytes: [UInt8]) -> [UInt8] {
    let compressor = ZstandardCompressor()
    var result: [UInt8] = []
    bytes.withUnsafeBytes { compressor.compress($0, to: &result) }
    compressor.endFrame(to: &result)
    return result
  }
}
