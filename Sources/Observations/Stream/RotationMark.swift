import Bytes

/// An archive's position in one source's records.
///
/// Layout: u64 instance, u32 id, u64 last sequence number.
public struct ArchivePosition: Equatable, Hashable, Sendable {
  /// The source's instance.
  public var instance: UInt64
  /// The id that the source had last.
  public var source: UInt32
  /// The last sequence number that the archive accounts for, as a record or in a gap.
  public var sequence: UInt64

  /// Creates a position.
  public init(instance: UInt64, source: UInt32, sequence: UInt64) {
    self.instance = instance
    self.source = source
    self.sequence = sequence
  }
}

/// The positions from which a new archive segment continues.
///
/// Layout: u32 count, then the positions.
public struct RotationMark: Equatable, Sendable {
  /// The archive's position for each source.
  public var positions: [ArchivePosition]

  /// Creates a mark.
  public init(positions: [ArchivePosition]) { self.positions = positions }

  @_lifetime(reader: copy reader)
  init(_ reader: inout ByteReader) throws(WireError) { positions = try reader.positions() }

  func write(to bytes: inout [UInt8]) { bytes.appendPositions(positions) }
}

extension ByteReader {
  /// Reads u32 count, then the positions.
  @_lifetime(self: copy self)
  public mutating func positions() throws(WireError) -> [ArchivePosition] {
    let count = try big(UInt32.self, "position count")
    try require(Int(count) * 20, "positions")
    var positions: [ArchivePosition] = []
    for _ in 0..<count {
      positions.append(
        ArchivePosition(
          instance: try big("instance"),
          source: try big("source"),
          sequence: try big("sequence")
        )
      )
    }
    return positions
  }
}

extension Array where Element == UInt8 {
  /// Appends u32 count, then the positions.
  public mutating func appendPositions(_ positions: [ArchivePosition]) {
    appendBig(UInt32(positions.count))
    for position in positions {
      appendBig(position.instance)
      appendBig(position.source)
      appendBig(position.sequence)
    }
  }
}
