import Bytes

/// An index of a closed archive segment by time; see docs/log-format.md.
///
/// Layout, big-endian: "NMIX", u16 version = 1, u8 flags (1 compressed, 2 coinscope's format), u8 0, u64 size
/// of the segment's file, u64 size of its uncompressed content, u32 count of blocks. Then for each block: u64
/// offset in the content, u64 offset in the file, u64 earliest and u64 latest time of its records.
public struct SegmentIndex: Equatable, Sendable {
  /// Consecutive whole records of a segment, up to the start of the next block.
  public struct Block: Equatable, Sendable {
    /// Offset of the block's first record or preamble in the segment's content, in bytes.
    public var offset: UInt64
    /// Offset in the file at which to start reading the block: the same, or the start of the Zstandard frame
    /// that the block begins with.
    public var fileOffset: UInt64
    /// The smallest time stamp of its records, in ns since the Unix epoch; `UInt64.max` if it has none.
    public var earliest: UInt64
    /// The largest time stamp of its records; 0 if it has none.
    public var latest: UInt64

    /// Creates a block; without times it has no records.
    public init(offset: UInt64, fileOffset: UInt64, earliest: UInt64 = .max, latest: UInt64 = 0) {
      self.offset = offset
      self.fileOffset = fileOffset
      self.earliest = earliest
      self.latest = latest
    }
  }

  /// Whether the segment is compressed with Zstandard.
  public var isCompressed: Bool
  /// The layout of the segment's records.
  public var format: ArchiveFormat
  /// Bytes of the segment's file. If the file has another size the index belongs to another file.
  public var fileSize: UInt64
  /// Bytes of the content; equal to `fileSize` if the segment is not compressed.
  public var size: UInt64
  /// The blocks in order. Together they cover the whole content.
  public var blocks: [Block]

  /// The suffix of an index's name, appended to the whole name of its segment.
  public static let suffix = ".index"

  /// The suffix of a file beside a segment while it is being written.
  public static let unfinishedSuffix = ".partial"

  /// Approximate bytes from one block to the next: 4 MiB.
  public static let interval = 4 << 20

  /// Bytes before the first block.
  static let headCount = 28

  /// Creates an index.
  public init(
    isCompressed: Bool,
    format: ArchiveFormat = .native,
    fileSize: UInt64 = 0,
    size: UInt64 = 0,
    blocks: [Block] = []
  ) {
    self.isCompressed = isCompressed
    self.format = format
    self.fileSize = fileSize
    self.size = size
    self.blocks = blocks
  }

  /// The blocks that may hold records within `times`, as ranges of indices of `blocks`. All other blocks hold
  /// none.
  ///
  /// - Parameter times: ns since the Unix epoch.
  public func places(of times: ClosedRange<UInt64>) -> [Range<Int>] {
    var places: [Range<Int>] = []
    for (place, block) in blocks.enumerated()
    where block.earliest <= times.upperBound && block.latest >= times.lowerBound {
      if places.last?.upperBound == place {
        places[places.count - 1] = places[places.count - 1].lowerBound..<place + 1
      } else {
        places.append(place..<place + 1)
      }
    }
    return places
  }

  /// The range of bytes that adjacent blocks cover in the content.
  public func range(of places: Range<Int>) -> Range<UInt64> {
    guard !places.isEmpty else { return 0..<0 }
    return blocks[places.lowerBound]
      .offset..<(places.upperBound < blocks.count
      ? blocks[places.upperBound].offset : size)
  }

  /// Decodes an index.
  ///
  /// - Throws: `WireError` if the bytes are no index, are cut short, or have offsets that do not rise from 0
  ///   within the sizes.
  public init(_ bytes: RawSpan) throws(WireError) {
    var reader = ByteReader(bytes)
    guard try reader.big(UInt32.self, "mark") == Self.mark else {
      throw WireError(.invalid("is not NMIX"), field: "mark", offset: 0)
    }
    let version = try reader.big(UInt16.self, "version")
    guard version == 1 else {
      throw WireError(.invalid("is \(version); this program reads version 1"), field: "version", offset: 4)
    }
    let flags = try reader.big(UInt8.self, "flags")
    guard flags & ~3 == 0 else { throw WireError(.invalid("are \(flags)"), field: "flags", offset: 6) }
    try reader.skip(1, "reserved")
    isCompressed = flags & 1 != 0
    format = flags & 2 != 0 ? .coinscope : .native
    fileSize = try reader.big("file size")
    size = try reader.big("size")
    let count = try reader.big(UInt32.self, "count")
    try reader.require(Int(count) * 32, "blocks")
    blocks = []
    blocks.reserveCapacity(Int(count))
    for _ in 0..<count {
      let start = reader.offset
      let block = Block(
        offset: try reader.big("offset"),
        fileOffset: try reader.big("offset in the file"),
        earliest: try reader.big("earliest"),
        latest: try reader.big("latest")
      )
      let rises = blocks.last.map { $0.offset < block.offset && $0.fileOffset < block.fileOffset }
      guard rises ?? (block.offset == 0), block.offset < size, block.fileOffset < fileSize,
        isCompressed || block.offset == block.fileOffset
      else { throw WireError(.invalid("is \(block.offset)"), field: "offset", offset: start) }
      blocks.append(block)
    }
    try reader.finish("blocks")
  }

  /// The encoded index, as in its file.
  public var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.headCount + 32 * blocks.count)
    bytes.appendBig(Self.mark)
    bytes.appendBig(UInt16(1))
    bytes.append((isCompressed ? 1 : 0) | (format == .coinscope ? 2 : 0))
    bytes.append(0)
    bytes.appendBig(fileSize)
    bytes.appendBig(size)
    bytes.appendBig(UInt32(blocks.count))
    for block in blocks {
      bytes.appendBig(block.offset)
      bytes.appendBig(block.fileOffset)
      bytes.appendBig(block.earliest)
      bytes.appendBig(block.latest)
    }
    return bytes
  }

  private static let mark: UInt32 = 0x4e4d_4958
}
