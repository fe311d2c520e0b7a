import Bytes

/// Where to begin reading a closed segment of an archive to find records of a time; see docs/log-format.md.
///
/// Layout, big-endian: "NMIX", u16 version = 1, u8 flags (1 compressed, 2 coinscope's format), u8 0, u64 size of the
/// segment's file, u64 size of what is in it, u32 count of blocks, then for each block u64 offset in what is in the
/// segment, u64 offset in its file, u64 earliest and u64 latest time of its records.
public struct SegmentIndex: Equatable, Sendable {
  /// Some whole records that follow each other in a segment: from here to where the next one begins.
  public struct Block: Equatable, Sendable {
    /// Where a record or preamble begins, in bytes of what is in the segment.
    public var offset: UInt64
    /// Where to begin reading the file for it: the same; or where a Zstandard frame begins that begins with it.
    public var fileOffset: UInt64
    /// The smallest time stamp of its records, in ns since the Unix epoch; `UInt64.max` where it has none.
    public var earliest: UInt64
    /// The largest time stamp of its records; 0 where it has none.
    public var latest: UInt64

    /// Creates a block.
    public init(offset: UInt64, fileOffset: UInt64, earliest: UInt64 = .max, latest: UInt64 = 0) {
      self.offset = offset
      self.fileOffset = fileOffset
      self.earliest = earliest
      self.latest = latest
    }
  }

  /// Whether the segment is compressed with Zstandard.
  public var isCompressed: Bool
  /// How the segment's records are laid out.
  public var format: ArchiveFormat
  /// Bytes of the segment's file; an index whose segment has another size is not the segment's.
  public var fileSize: UInt64
  /// Bytes of what is in it; the same where it is not compressed.
  public var size: UInt64
  /// The blocks in order; together they are all that is in the segment.
  public var blocks: [Block]

  /// What an index's name ends with, behind the whole name of its segment.
  public static let suffix = ".index"

  /// What the name of a file beside a segment ends with while it is being written.
  public static let unfinishedSuffix = ".partial"

  /// Bytes between the beginnings of two blocks, about: 4 MiB.
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

  /// The blocks that may hold records of a time, as ranges of places in `blocks`: whoever reads those has all.
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

  /// The range of bytes that some blocks are, in what is in the segment.
  public func range(of places: Range<Int>) -> Range<UInt64> {
    guard !places.isEmpty else { return 0..<0 }
    return blocks[places.lowerBound]
      .offset..<(places.upperBound < blocks.count
      ? blocks[places.upperBound].offset : size)
  }

  /// Reads an index.
  ///
  /// - Throws: `WireError` where it is none, is cut short, or its offsets do not rise from 0 to the sizes it says.
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

  /// The index as it is written to its file.
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
