import Bytes

/// Makes an index while a segment's bytes pass by.
public struct SegmentIndexBuilder {
  /// The index of what has passed; its sizes are set where it is finished.
  public private(set) var index: SegmentIndex

  /// Offset of the next byte, in what is in the segment.
  public private(set) var offset: UInt64 = 0

  /// Whether what comes next cannot be records: what is in the segment from there on is in its last block.
  public private(set) var isDamaged = false

  /// Creates a builder at a segment's beginning.
  public init(isCompressed: Bool, format: ArchiveFormat) {
    index = SegmentIndex(isCompressed: isCompressed, format: format)
  }

  /// Begins a block with the next byte, which a record or preamble must begin with, unless the last block has less
  /// than half an interval yet.
  ///
  /// - Parameters:
  ///   - fileOffset: where the file has it.
  ///   - interval: bytes between the beginnings of two blocks, about.
  public mutating func beginBlock(at fileOffset: UInt64, interval: Int = SegmentIndex.interval) {
    guard !isDamaged, index.blocks.last.map({ offset - $0.offset >= UInt64(interval / 2) }) ?? true else {
      return
    }
    index.blocks.append(SegmentIndex.Block(offset: offset, fileOffset: fileOffset))
  }

  /// Takes the whole records and preambles that bytes begin with; what is left may be the beginning of one.
  ///
  /// - Parameter isLast: nothing comes after these bytes: takes all of them.
  /// - Returns: how many bytes that was.
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
      // Nobody knows what times are in it, so whoever looks for any has to look there.
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

  /// The index of the whole segment.
  ///
  /// - Parameter fileSize: bytes of its file.
  public func finish(fileSize: UInt64) -> SegmentIndex {
    var index = index
    if index.blocks.last?.offset == offset { index.blocks.removeLast() }
    index.fileSize = fileSize
    index.size = offset
    return index
  }
}
