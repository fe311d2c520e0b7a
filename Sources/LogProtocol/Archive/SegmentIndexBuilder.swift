import Bytes

/// Builds an index from a segment's bytes as they are written or read.
public struct SegmentIndexBuilder {
  /// The index so far; its sizes are set at the end.
  public private(set) var index: SegmentIndex

  /// Offset of the next byte in the segment's content.
  public private(set) var offset: UInt64 = 0

  /// Whether the next bytes cannot be records. From there on all bytes belong to the last block.
  public private(set) var isDamaged = false

  /// Creates a builder at a segment's beginning.
  public init(isCompressed: Bool, format: ArchiveFormat) {
    index = SegmentIndex(isCompressed: isCompressed, format: format)
  }

  /// Begins a block at the next byte, unless the last block is shorter than half an interval. A record or
  /// preamble must begin there.
  ///
  /// - Parameters:
  ///   - fileOffset: offset of that byte in the file.
  ///   - interval: approximate bytes from one block to the next.
  public mutating func beginBlock(at fileOffset: UInt64, interval: Int = SegmentIndex.interval) {
    guard !isDamaged, index.blocks.last.map({ offset - $0.offset >= UInt64(interval / 2) }) ?? true else {
      return
    }
    index.blocks.append(SegmentIndex.Block(offset: offset, fileOffset: fileOffset))
  }

  /// Consumes the whole records and preambles at the start of `bytes`; the rest may be the beginning of one.
  ///
  /// - Parameter isLast: whether these are the last bytes: then consumes all of them.
  /// - Returns: the number of bytes consumed.
  public mutating func take(_ bytes: UnsafeRawBufferPointer, isLast: Bool) -> Int {
    var count = 0
    var (earliest, latest) = (UInt64.max, UInt64(0))
    let format = index.format
    scan: while !isDamaged, count < bytes.count {
      do throws(WireError) {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[count...])
        switch try format.first(in: rest) {
        case .needsMore: break scan
        case .preamble: count += StreamPreamble.size
        case .record(let length):
          let time = format.time(of: rest)
          earliest = min(earliest, time)
          latest = max(latest, time)
          count += length
        }
      } catch {
        isDamaged = true
      }
    }
    if isDamaged {
      // The times in damaged bytes are unknown, so every search has to look there.
      (earliest, latest) = (0, .max)
    }
    if isDamaged || isLast { count = bytes.count }
    offset += UInt64(count)
    if !index.blocks.isEmpty {
      let last = index.blocks.count - 1
      index.blocks[last].earliest = min(index.blocks[last].earliest, earliest)
      index.blocks[last].latest = max(index.blocks[last].latest, latest)
    }
    return count
  }

  /// Returns the index of the whole segment.
  ///
  /// - Parameter fileSize: size of the segment's file in bytes.
  public func finish(fileSize: UInt64) -> SegmentIndex {
    var index = index
    if index.blocks.last?.offset == offset { index.blocks.removeLast() }
    index.fileSize = fileSize
    index.size = offset
    return index
  }
}
