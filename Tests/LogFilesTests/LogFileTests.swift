import BitcoinWire
import Bytes
import LogProtocol
import TestSupport
import Testing

@testable import LogFiles

@Suite struct LogFileTests {
  let folder = TemporaryFolder()

  func contents(_ bytes: [UInt8], format: ArchiveFormat? = nil) throws -> Contents {
    try Contents(folder.write(bytes, to: "a.log"), format: format)
  }

  @Test func readsNativeFiles() throws {
    let bytes = Archives.preamble + Archives.records.joined()
    let found = try contents(bytes)
    #expect(found.records == Archives.records)
    #expect(found.damage == [])
    #expect(found.offsets.first == 16)
    let file = try LogFile(folder.path + "a.log")
    #expect(file.format == .native)
    while try file.next() != nil {}
    #expect(file.creationTime == Archives.start)
    #expect(file.offset == UInt64(bytes.count))
    #expect(file.progress.read == UInt64(bytes.count))
    #expect(file.progress.total == UInt64(bytes.count))
  }

  @Test func readsConcatenatedFilesAndThoseWithoutPreamble() throws {
    let records = Archives.records
    let bytes =
      records[0] + Archives.preamble + records[1] + Archives.preamble + Archives.preamble + records[2]
    #expect(try contents(bytes).records == Array(records[..<3]))
    #expect(try contents([]).records == [])
    #expect(try contents([]).damage == [])
    #expect(try contents(Archives.preamble).damage == [])
  }

  @Test func readsCompressedFiles() throws {
    let bytes = Archives.preamble + Archives.records.joined()
    #expect(try contents(Archives.compressed(bytes)).records == Archives.records)
    // A file compressed in parts has several frames.
    let halves = Archives.compressed(Array(bytes[..<100])) + Archives.compressed(Array(bytes[100...]))
    #expect(try contents(halves).records == Archives.records)
    #expect(try LogFile(folder.path + "a.log").isCompressed)
  }

  @Test func tellsWhereCompressionIsDamaged() throws {
    let noise = (0..<400_000).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13) }
    let records = (1...20).map { Archives.record(.debug, $0, Array(noise.dropFirst(Int($0)).prefix(20_000))) }
    var bytes = Archives.compressed(Archives.preamble + records.joined())
    let cut = try contents(Array(bytes.dropLast(10)))
    #expect(cut.records.count < 20)
    #expect(cut.damage.map(\.kind) == [.compression])
    bytes[bytes.count - 30] ^= 0xff
    let damaged = try contents(bytes)
    #expect(damaged.damage.map(\.kind) == [.compression])
    #expect(damaged.damage.first?.reason.contains("zstd frame") == true)
  }

  @Test func readsCoinscopeFiles() throws {
    let bytes = Array(Archives.records.map(Archives.coinscope).joined())
    let found = try contents(bytes)
    #expect(found.damage == [])
    #expect(try LogFile(folder.path + "a.log").format == .coinscope)
    #expect(try contents(Archives.compressed(bytes)).records == found.records)
    let expected = Archives.records.map { record in
      var record = record
      record.replaceBig(UInt64(0), at: 16)
      return record
    }
    #expect(found.records == expected)
    #expect(try contents(bytes, format: .coinscope) == found)
    #expect(try contents(bytes, format: .native).records == [])
  }

  @Test(arguments: ArchiveFormat.allCases)
  func tellsTornTailsAtEveryByte(_ format: ArchiveFormat) throws {
    let records = format == .native ? Archives.records : Archives.records.map(Archives.coinscope)
    let bytes = Array(records.joined())
    var ends: [Int] = [0]
    for record in records { ends.append(ends.last! + record.count) }
    for count in 0...bytes.count {
      let found = try contents(Array(bytes[..<count]), format: format)
      let whole = ends.lastIndex { $0 <= count }!
      #expect(found.records.count == whole)
      let rest = count - ends[whole]
      #expect(found.damage.map(\.count) == (rest == 0 ? [] : [UInt64(rest)]))
      #expect(found.damage.allSatisfy { $0.kind == .torn && $0.offset == UInt64(ends[whole]) })
    }
  }

  @Test(arguments: ArchiveFormat.allCases)
  func resynchronisesAfterGarbageAnywhere(_ format: ArchiveFormat) throws {
    let records = format == .native ? Archives.records : Archives.records.map(Archives.coinscope)
    let whole = try contents(Array(records.joined()), format: format)
    let garbage = (0..<50).map { UInt8(truncatingIfNeeded: $0 * 37 + 200) }
    for index in 0..<records.count {
      let bytes = Array(records[..<index].joined()) + garbage + Array(records[index...].joined())
      let found = try contents(bytes, format: format)
      #expect(found.records == whole.records)
      #expect(found.damage.map(\.offset) == [UInt64(records[..<index].joined().count)])
      #expect(found.damage.map(\.count) == [50])
      #expect(found.damage.first?.number == UInt64(index + 1))
    }
  }

  @Test(arguments: [0, 1, 2, 3], [0x01, 0x11, 0x7f, 0xff] as [UInt8])
  func losesOnlyTheRecordWhoseLengthIsDamaged(_ byte: Int, _ bits: UInt8) throws {
    let records = Archives.records
    for index in records.indices {
      var damaged = records
      damaged[index][byte] ^= bits
      let found = try contents(Archives.preamble + damaged.joined())
      let rest = records.enumerated().filter { $0.offset != index }.map(\.element)
      // A text that is cut by a byte is still a text.
      let isText = [0, 3, 5].contains(index)
      let kept = isText ? found.records.filter { records.contains($0) } : found.records
      #expect(kept == rest, "record \(index), byte \(byte), bits \(bits): \(found.damage)")
      #expect(found.damage.count == 1)
      if isText { continue }
      #expect(found.damage.map(\.offset) == [UInt64(16 + records[..<index].joined().count)])
      #expect(found.damage.map(\.count) == [UInt64(records[index].count)])
    }
  }

  @Test func neverTrapsOnFlippedBytes() throws {
    let bytes = Archives.preamble + Archives.records.joined()
    let coinscope = Array(Archives.records.map(Archives.coinscope).joined())
    for whole in [bytes, coinscope, Archives.compressed(bytes)] {
      for index in whole.indices {
        var damaged = whole
        damaged[index] ^= 0xa5
        let found = try contents(damaged)
        #expect(found.records.count + found.damage.count > 0)
      }
    }
  }

  @Test func staysWithinBoundsHoweverMuchIsDamaged() throws {
    let garbage = [UInt8](repeating: 0xcc, count: 1 << 20)
    let found = try contents(Archives.records[0] + garbage + Archives.records[2])
    #expect(found.records == [Archives.records[0], Archives.records[2]])
    #expect(found.damage.map(\.count) == [1 << 20])
  }

  @Test func readsTheLongestRecord() throws {
    let long = Archives.record(.debug, 1, [UInt8](repeating: 65, count: RecordHeader.maximumBodyCount))
    #expect(try contents(long + Archives.records[1]).records == [long, Archives.records[1]])
  }

  @Test func saysWhatCannotBeOpened() {
    #expect(throws: IOError.self) { try LogFile(folder.path + "missing") }
    #expect(throws: IOError.self) { try LogFile(folder.path) }
  }

  @Test func ordersFilesByTime() throws {
    let late = folder.write(StreamPreamble.bytes(createdAt: 30) + Archives.records[0], to: "1")
    let early = folder.write(Archives.compressed(StreamPreamble.bytes(createdAt: 20)), to: "2")
    let coinscope = folder.write(Archives.coinscope(Archives.records[0]), to: "3")
    #expect(LogFiles.chronological([coinscope, late, "-", early]) == ["-", early, late, coinscope])
  }

  @Test func mergesByTimeKeepingEachFilesOrder() throws {
    let records = Archives.records
    let first = folder.write(Archives.preamble + records[1] + records[0] + records[5] + [1, 2, 3], to: "1")
    let second = folder.write(Archives.preamble + records[1] + records[2] + records[4], to: "2")
    var damage: [LogDamage] = []
    let merger = try LogMerger([LogFile(first), LogFile(second)]) { damage.append($0) }
    var found: [UInt64] = []
    while let record = try merger.next() { found.append(record.header.sequence) }
    #expect(found == [2, 1, 2, 3, 5, 6])
    #expect(damage.map(\.kind) == [.torn])
  }

  /// If all files of a folder are passed, verbatim's other files are skipped, whether they exist or not.
  @Test func leavesOutWhatIsNoSegment() {
    let names = ["a.log", "a.log.index", "a.log.index.partial", "a.log.zst.partial", "-"]
    #expect(Set(LogFiles.chronological(names)) == ["a.log", "-"])
  }
}
