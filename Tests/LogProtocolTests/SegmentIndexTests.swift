import Bytes
import EventLoop
import LogProtocol
import TestSupport
import Testing
import Zstandard

@Suite struct SegmentIndexTests {
  let folder = TemporaryFolder()

  static func record(_ time: UInt64, _ count: Int = 1000) -> [UInt8] {
    RecordHeader(type: .debug, source: 7, time: time, sequence: time, bodyCount: count)
      .record(body: [UInt8](repeating: UInt8(truncatingIfNeeded: time), count: count))
  }

  /// A preamble and records stamped 1…count.
  static func segment(_ count: UInt64) -> [UInt8] {
    StreamPreamble.bytes(createdAt: 1) + (1...count).flatMap { record($0) }
  }

  @Test func findsTheBlocksOfATime() throws {
    let bytes = Self.segment(1000)
    let index = try SegmentIndex(building: folder.write(bytes, to: "a"), format: .native, interval: 100_000)
    #expect(index.fileSize == UInt64(bytes.count))
    #expect(index.size == index.fileSize)
    #expect((10...12).contains(index.blocks.count))
    #expect(index.blocks.allSatisfy { $0.offset == $0.fileOffset })
    for time in [1, 500, 1000] as [UInt64] {
      let places = index.places(of: time...time)
      #expect(places.count == 1 && places[0].count == 1)
      let range = index.range(of: places[0])
      let words = try Self.times(Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)]))
      #expect(words.contains(time))
    }
    #expect(index.places(of: 0...UInt64.max) == [0..<index.blocks.count])
    #expect(index.places(of: 1001...2000).isEmpty)
  }

  @Test func findsTimesThatRunBackwards() throws {
    // The second third is older than all the rest.
    let times = Array(1000...1299) + Array(1...300) + Array(1300...1599) as [UInt64]
    let bytes = StreamPreamble.bytes(createdAt: 1) + times.flatMap { Self.record($0) }
    let index = try SegmentIndex(building: folder.write(bytes, to: "a"), format: .native, interval: 65536)
    let places = index.places(of: 1250...1350)
    #expect(places.count == 2)
    let found = try places.flatMap { place in
      let range = index.range(of: place)
      return try Self.times(Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)]))
    }
    #expect((1250...1350).allSatisfy { found.contains($0) })
  }

  @Test func readsWhatItWrites() throws {
    let index = try SegmentIndex(
      building: folder.write(Self.segment(300), to: "a"),
      format: .native,
      interval: 65536
    )
    let bytes = index.bytes
    #expect(try SegmentIndex(bytes.span.bytes) == index)
    #expect(bytes.count == 28 + 32 * index.blocks.count)
    #expect(bytes.starts(with: [0x4e, 0x4d, 0x49, 0x58, 0, 1, 0, 0]))
    for count in 0..<bytes.count {
      #expect(throws: WireError.self) { try SegmentIndex(Array(bytes[..<count]).span.bytes) }
    }
    #expect(throws: WireError.self) { try SegmentIndex((bytes + [0]).span.bytes) }
    // A wrong count, unknown flags, an unknown version, offsets that do not rise.
    for (place, value) in [(24, 0xff), (6, 4), (5, 2), (28 + 7, 1), (28 + 32, 0x7f)] as [(Int, UInt8)] {
      var wrong = bytes
      wrong[place] = value
      #expect(throws: WireError.self, "byte \(place)") { try SegmentIndex(wrong.span.bytes) }
    }
  }

  @Test func beginsBlocksWhereFramesBeginWithARecord() throws {
    let compressor = ZstandardCompressor()
    var compressed: [UInt8] = []
    var whole: [UInt8] = []
    for part in 0..<10 as Range<UInt64> {
      let bytes =
        (part == 0 ? StreamPreamble.bytes(createdAt: 1) : [])
        + (1...100).flatMap {
          Self.record(part * 100 + $0)
        }
      // The end of the fourth frame cuts a record, so no block can begin at the fifth.
      let cut = whole.count / 100 == 3 ? 500 : 0
      bytes.dropLast(cut).withUnsafeBytes { compressor.compress($0, to: &compressed) }
      compressor.endFrame(to: &compressed)
      whole += bytes
      if cut > 0 {
        bytes.suffix(cut).withUnsafeBytes { compressor.compress($0, to: &compressed) }
      }
    }
    let path = folder.write(compressed, to: "a.zst")
    let index = try SegmentIndex(building: path, format: .native, interval: 100_000)
    #expect(index.isCompressed)
    #expect(index.fileSize == UInt64(compressed.count))
    #expect(index.size == UInt64(whole.count))
    #expect(index.blocks.count > 5)
    for block in index.blocks {
      var space = [UInt8](repeating: 0, count: 1100)
      let decompressor = ZstandardDecompressor()
      _ = try compressed[Int(block.fileOffset)...].withUnsafeBytes { input in
        try space.withUnsafeMutableBytes { try decompressor.decompress(input, to: $0) }
      }
      #expect(space.elementsEqual(whole[Int(block.offset)...].prefix(1100)))
    }
    #expect(index.blocks[0].earliest == 1)
    #expect(index.blocks.last?.latest == 1000)
  }

  @Test func coversWhatIsTornOrNoLog() throws {
    let torn = Self.segment(10) + [0, 0, 1]
    var index = try SegmentIndex(building: folder.write(torn, to: "a"), format: .native)
    #expect(index.size == UInt64(torn.count))
    #expect(index.blocks.map(\.latest) == [10])
    let damaged = Self.segment(10) + [UInt8](repeating: 0xff, count: 100_000)
    index = try SegmentIndex(building: folder.write(damaged, to: "b"), format: .native, interval: 65536)
    #expect(index.size == UInt64(damaged.count))
    // The times in the damaged part are unknown.
    #expect(index.places(of: 5_000_000...5_000_000) == [0..<1])
    index = try SegmentIndex(building: folder.write([], to: "c"), format: .native)
    #expect(index == SegmentIndex(isCompressed: false))
    #expect(try SegmentIndex(index.bytes.span.bytes) == index)
  }

  @Test func takesRecordsLongerThanABlock() throws {
    let bytes = Self.record(1, 300_000) + Self.record(2, 300_000) + Self.record(3, 300_000)
    let index = try SegmentIndex(building: folder.write(bytes, to: "a"), format: .native, interval: 1000)
    #expect(index.blocks.map(\.earliest) == [1, 2, 3])
  }

  @Test func indexesCoinscopesRecords() throws {
    let bytes = (1...1000 as ClosedRange<UInt64>).flatMap { time -> [UInt8] in
      let header = RecordHeader(type: .debug, source: 7, time: time * 1_000_000_000, bodyCount: 500)
      return [UInt8](repeating: 65, count: 500).withUnsafeBytes { CoinscopeRecord.bytes(header, body: $0)! }
    }
    let index = try SegmentIndex(building: folder.write(bytes, to: "a"), format: .coinscope, interval: 65536)
    #expect(index.blocks.count > 4)
    #expect(index.blocks.last?.latest == 1_000_000_000_000)
    #expect(try SegmentIndex(index.bytes.span.bytes) == index)
  }

  @Test func refusesAFileThatIsNotThere() {
    #expect(throws: IOError.self) { try SegmentIndex(building: folder.path + "none", format: .native) }
  }

  private static func times(_ bytes: [UInt8]) throws -> [UInt64] {
    try bytes.withUnsafeBytes { bytes in
      var cursor = RecordCursor(bytes)
      var times: [UInt64] = []
      while let (header, _) = try cursor.next() { times.append(header.time) }
      return times
    }
  }
}
