import Bytes
import EventLoop
import Foundation
import LogProtocol
import Observations
import TestSupport
import Testing

@testable import LogClientCore

@Suite struct ArchiveWriterTests {
  let folder = TemporaryFolder()
  let pool = ChunkPool()
  var path: String { folder.path + "verbatim.log" }

  func writer() throws -> (ArchiveWriter, ArchiveWriter.Opening) {
    let writer = ArchiveWriter(path, pool: pool)
    return (writer, try writer.openFirst(at: 1))
  }

  func append(_ writer: ArchiveWriter, _ records: [UInt8]...) throws {
    _ = try writer.append(ChunkSlice(copying: Array(records.joined())), at: 2)
  }

  func words(_ name: String = "verbatim.log") throws -> [String] { try Records.words(folder.bytes(name)) }

  @Test func writesWhatItGetsAndAcknowledgesWhatIsWritten() throws {
    let (writer, opening) = try writer()
    #expect(opening == ArchiveWriter.Opening())
    try append(writer, Records.joined(), Records.text(1), Records.text(2))
    try append(writer, Records.text(2), Records.text(3), Records.text(7))
    #expect(try writer.write() == [Records.source: 7])
    #expect(writer.queuedCount == 0)
    let expected = [
      "mark", "joined 42", "debug 1", "debug 2", "debug 3", "gap 4...6 heldByNobody", "debug 7",
    ]
    #expect(try words() == expected)
    var state = stat()
    stat(path, &state)
    #expect(state.st_mode & 0o777 == 0o640)
    #expect(UInt64(state.st_size) == writer.byteCount)
  }

  @Test func goesOnWhereItStopped() throws {
    do {
      let (writer, _) = try writer()
      try append(writer, Records.joined(), Records.text(1), Records.text(2))
      _ = try writer.write()
    }
    let (writer, opening) = try writer()
    #expect(opening.recordCount == 4)
    #expect(writer.positions == [ArchivePosition(instance: 42, source: Records.source, sequence: 2)])
    try append(writer, Records.joined(), Records.text(2), Records.text(3))
    _ = try writer.write()
    #expect(try words() == ["mark", "joined 42", "debug 1", "debug 2", "joined 42", "debug 3"])
    #expect(folder.bytes("verbatim.log").indices(of: UInt8(ascii: "G")).ranges.count == 2)
  }

  @Test func goesOnAfterTheSegmentBefore() throws {
    do {
      let (writer, _) = try writer()
      try append(writer, Records.joined(), Records.text(1))
      _ = try writer.write()
    }
    rename(path, path + ".1")
    let (writer, opening) = try writer()
    #expect(opening.predecessor == path + ".1")
    try append(writer, Records.joined(), Records.text(1), Records.text(2))
    _ = try writer.write()
    #expect(try words() == ["mark 42:1", "joined 42", "debug 2"])
  }

  @Test func repairsATornTail() throws {
    let whole = StreamPreamble.bytes(createdAt: 0) + Records.joined() + Records.text(1)
    let torn = Records.text(2).dropLast()
    for count in [1, 3, 4, 31, torn.count] {
      folder.write(whole + torn.prefix(count), to: "verbatim.log")
      let (writer, opening) = try writer()
      let cut = try #require(opening.cut)
      #expect(cut == CutTail(kind: .tornRecord, count: UInt64(count), savedPath: cut.savedPath))
      #expect(try Data(contentsOf: URL(filePath: cut.savedPath)) == Data(torn.prefix(count)))
      #expect(folder.bytes("verbatim.log") == whole)
      #expect(writer.positions.map(\.sequence) == [1])
      try append(writer, Records.joined(), Records.text(2))
      _ = try writer.write()
      #expect(try words() == ["joined 42", "debug 1", "joined 42", "debug 2"])
    }
  }

  @Test func repairsATornPreamble() throws {
    folder.write(Array(StreamPreamble.bytes(createdAt: 0).prefix(7)), to: "verbatim.log")
    let (writer, opening) = try writer()
    #expect(opening.cut == CutTail(kind: .tornRecord, count: 7, savedPath: path + ".torn-0"))
    #expect(folder.bytes("verbatim.log.torn-0") == Array(StreamPreamble.bytes(createdAt: 0).prefix(7)))
    _ = try writer.write()
    #expect(try words() == ["mark"])
  }

  @Test(arguments: [4, 200_000])
  func savesAndCutsZerosThatAPowerLossLeaves(_ count: Int) throws {
    let whole = StreamPreamble.bytes(createdAt: 0) + Records.joined() + Records.text(1)
    for start in [whole, []] {
      folder.write(start + [UInt8](repeating: 0, count: count), to: "verbatim.log")
      let (writer, opening) = try writer()
      let cut = try #require(opening.cut)
      #expect(cut == CutTail(kind: .zeros, count: UInt64(count), savedPath: cut.savedPath))
      #expect(try Data(contentsOf: URL(filePath: cut.savedPath)) == Data(count: count))
      #expect(folder.bytes("verbatim.log") == start)
      try append(writer, Records.text(2))
      _ = try writer.write()
      #expect(try words().last == "debug 2")
    }
  }

  @Test func savesEveryTailUnderANameOfItsOwn() throws {
    for tail in [[0, 0], [0, 0, 1]] as [[UInt8]] {
      folder.write(StreamPreamble.bytes(createdAt: 0) + tail, to: "verbatim.log")
      _ = try writer()
    }
    #expect(folder.bytes("verbatim.log.torn-0") == [0, 0])
    #expect(folder.bytes("verbatim.log.torn-0.1") == [0, 0, 1])
  }

  @Test func cutsNothingThatCannotBeSaved() throws {
    let content = StreamPreamble.bytes(createdAt: 0) + Records.text(1).dropLast()
    folder.write(content, to: "verbatim.log")
    // The name is so long that the name of a saved tail does not fit.
    let long = folder.path + String(repeating: "v", count: 250)
    rename(path, long)
    let writer = ArchiveWriter(long, pool: pool)
    #expect(throws: ArchiveError.self) { try writer.openFirst(at: 1) }
    #expect(try Data(contentsOf: URL(filePath: long)) == Data(content))
  }

  @Test func takesNoSavedTailForASegment() throws {
    folder.write(Array(StreamPreamble.bytes(createdAt: 0).prefix(7)), to: "verbatim.log.torn-5")
    let (_, opening) = try writer()
    #expect(opening.predecessor == nil)
  }

  @Test(arguments: [
    Array("hello, this is somebody's diary".utf8), [0, 0, 0x10, 0] + [UInt8](repeating: 7, count: 100),
  ])
  func leavesOtherFilesAlone(_ content: [UInt8]) throws {
    folder.write(content, to: "verbatim.log")
    let error = #expect(throws: ArchiveError.self) { try writer() }
    guard case .notALog(path, 0, _)? = error else {
      return #expect(Bool(false), "\(String(describing: error))")
    }
    #expect(folder.bytes("verbatim.log") == content)
  }

  @Test func namesWhereALogIsNoLogAnyMore() throws {
    let start = StreamPreamble.bytes(createdAt: 0) + Records.text(1)
    let content = start + [UInt8](repeating: 0xff, count: 50)
    folder.write(content, to: "verbatim.log")
    let error = #expect(throws: ArchiveError.self) { try writer() }
    guard case .notALog(path, UInt64(start.count), _)? = error else {
      return #expect(Bool(false), "\(String(describing: error))")
    }
    #expect(folder.bytes("verbatim.log") == content)
  }

  @Test func refusesASecondWriter() throws {
    let (first, _) = try writer()
    #expect(throws: ArchiveError.busy(path: path)) { try writer() }
    try first.close()
    _ = try writer()
  }

  @Test func rotates() throws {
    let (writer, _) = try writer()
    try append(writer, Records.joined(), Records.event(.connected, 1))
    _ = try writer.write()
    try writer.close()
    rename(path, path + ".1")
    try append(writer, Records.text(2), Records.event(.closedByPeer, 3))
    #expect(try writer.write() == [:])
    try writer.open(path, at: 3)
    #expect(try writer.write() == [Records.source: 3])
    #expect(try words("verbatim.log.1") == ["mark", "joined 42", "bitcoin 1"])
    #expect(try words() == ["mark 42:1", "joined 42", "open 1", "debug 2", "bitcoin 3"])
    // Reopening the same file adds no new head.
    try writer.close()
    try writer.open(path, at: 4)
    try append(writer, Records.text(4))
    _ = try writer.write()
    #expect(try words().suffix(2) == ["bitcoin 3", "debug 4"])
  }

  @Test func locksNoDevice() throws {
    let full = folder.path + "full"
    symlink("/dev/full", full)
    let writers = [ArchiveWriter(full, pool: pool), ArchiveWriter(full, pool: pool)]
    for writer in writers { try writer.open(full, at: 1) }
    #expect(writers.allSatisfy { $0.isOpen })
  }

  @Test func keepsWhatAFullDiskDoesNotTake() throws {
    let (writer, _) = try writer()
    _ = try writer.write()
    try writer.close()
    let full = folder.path + "full"
    symlink("/dev/full", full)
    try writer.open(full, at: 3)
    try append(writer, Records.joined(), Records.text(1))
    #expect(throws: ArchiveError.system(IOError("write to \(full)", code: ENOSPC))) { try writer.write() }
    #expect(writer.positions.map(\.sequence) == [0])
    try writer.close()
    try writer.open(path, at: 4)
    #expect(try writer.write() == [Records.source: 1])
    #expect(try words() == ["mark", "mark 42:0", "joined 42", "joined 42", "debug 1"])
    #expect(folder.bytes("verbatim.log").filter { $0 == UInt8(ascii: "G") }.count == 2)
  }
}
