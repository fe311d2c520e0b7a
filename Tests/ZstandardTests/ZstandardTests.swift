import Bytes
import Testing
import Zstandard

@Suite struct ZstandardTests {
  /// Bytes that compress a little: a counter between noise.
  static func sample(_ count: Int) -> [UInt8] {
    var random = UInt32(1)
    return (0..<count).map { index in
      random = random &* 1_664_525 &+ 1_013_904_223
      return index % 3 == 0 ? UInt8(truncatingIfNeeded: random >> 24) : UInt8(truncatingIfNeeded: index / 300)
    }
  }

  static func compressed(_ frames: [[UInt8]], level: Int = ZstandardCompressor.defaultLevel) -> [UInt8] {
    let compressor = ZstandardCompressor(level: level)
    var result: [UInt8] = []
    for frame in frames {
      frame.withUnsafeBytes { compressor.compress($0, to: &result) }
      compressor.endFrame(to: &result)
    }
    return result
  }

  /// Decompresses with pieces of input and of space of given sizes.
  static func decompressed(
    _ bytes: [UInt8],
    inputCount: Int = 1 << 16,
    spaceCount: Int = 1 << 16,
    by decompressor: ZstandardDecompressor = ZstandardDecompressor()
  ) throws(WireError) -> [UInt8] {
    var result: [UInt8] = []
    var space = [UInt8](repeating: 0, count: spaceCount)
    var start = 0
    while true {
      let piece = Array(bytes[start..<min(start + inputCount, bytes.count)])
      var progress: ZstandardDecompressor.Progress!
      var failure: WireError?
      piece.withUnsafeBytes { input in
        space.withUnsafeMutableBytes { output in
          do throws(WireError) {
            progress = try decompressor.decompress(input, to: output)
          } catch {
            failure = error
          }
        }
      }
      if let failure { throw failure }
      result += space[..<progress.produced]
      start += progress.consumed
      if start == bytes.count, progress.produced < spaceCount { break }
    }
    try decompressor.finish()
    return result
  }

  @Test(arguments: [0, 1, 1000, 3_000_000])
  func givesBackWhatWasCompressed(count: Int) throws {
    let bytes = Self.sample(count)
    let compressed = Self.compressed([bytes])
    #expect(count < 1000 || compressed.count < count)
    #expect(try Self.decompressed(compressed) == bytes)
  }

  @Test func takesAnyPiecesAndAnySpace() throws {
    let bytes = Self.sample(20_000)
    let compressed = Self.compressed([bytes, [], Array(bytes.reversed())])
    for (inputCount, spaceCount) in [(1, 1), (1, 70_000), (70_000, 1), (7, 13)] {
      let result = try Self.decompressed(compressed, inputCount: inputCount, spaceCount: spaceCount)
      #expect(result == bytes + bytes.reversed())
    }
  }

  @Test func beginsAtAnyFrame() throws {
    let first = Self.compressed([Self.sample(5000)])
    let second = Self.compressed([[7, 8, 9]])
    let all = Self.compressed([Self.sample(5000), [7, 8, 9]])
    #expect(all == first + second)
    #expect(try Self.decompressed(Array(all[first.count...])) == [7, 8, 9])
  }

  /// What `zstd` 1.5.4 makes of a file with `--no-check`, and of its standard input; and a skippable frame before.
  @Test(arguments: [
    "28b52ffd20073900006e65746d696e65",
    "28b52ffd04583900006e65746d696e65046cdf58",
    "502a4d180300000001020328b52ffd20073900006e65746d696e65",
  ])
  func readsKnownFrames(hexadecimal: String) throws {
    let bytes = try #require(Hexadecimal.bytes(hexadecimal))
    #expect(try Self.decompressed(bytes) == Array("netmine".utf8))
  }

  @Test func refusesAFileThatIsCutAnywhere() throws {
    let compressed = Self.compressed([Self.sample(2000)])
    for count in 1..<compressed.count {
      #expect(throws: WireError.self, "\(count) bytes") {
        try Self.decompressed(Array(compressed[..<count]))
      }
    }
    let decompressor = ZstandardDecompressor(at: 1000)
    let error = #expect(throws: WireError.self) {
      try Self.decompressed(Array(compressed.dropLast(2)), by: decompressor)
    }
    #expect(error?.offset == 1000 + compressed.count - 2)
    #expect(error?.problem == .truncated(needed: 2, available: 0))
  }

  @Test func refusesWhatIsDamagedAnywhere() throws {
    let bytes = Self.sample(2000)
    let compressed = Self.compressed([bytes])
    for index in compressed.indices {
      var damaged = compressed
      damaged[index] ^= 0x10
      // A flag that means nothing may be wrong and harm nothing; bytes that are wrong are never handed over.
      if let result = try? Self.decompressed(damaged) { #expect(result == bytes, "byte \(index)") }
    }
    var damaged = compressed
    damaged[compressed.count - 1] ^= 1
    let error = #expect(throws: WireError.self) { try Self.decompressed(damaged) }
    #expect(error?.description.contains("checksum") == true)
  }

  @Test func refusesWhatIsNoFrame() {
    let decompressor = ZstandardDecompressor(at: 500)
    let error = #expect(throws: WireError.self) {
      try Self.decompressed(Array("NMLG is a log's beginning".utf8), by: decompressor)
    }
    #expect(error?.field.description == "zstd frame")
    #expect(error.map { (500..<510).contains($0.offset) } == true)
  }

  /// A frame's header may ask for terabytes; nothing is taken before it is believed.
  @Test func refusesALargerWindowThanAllowed() throws {
    // Window descriptor 0x98: 2^(10 + 19) bytes, then an empty last block.
    let bytes: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x98, 0x01, 0x00, 0x00]
    let error = #expect(throws: WireError.self) { try Self.decompressed(bytes) }
    #expect(error?.description.contains("memory") == true)
    #expect(try Self.decompressed(bytes, by: ZstandardDecompressor(windowLimit: 1 << 29)) == [])
  }
}
