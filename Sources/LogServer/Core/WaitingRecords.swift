/// The records queued in a reader's stream, so that they can be dropped and counted. One entry covers many
/// small records.
struct WaitingRecords {
  /// Consecutive queued records of one source.
  struct Entry: Equatable {
    var source: UInt32
    var sequences: ClosedRange<UInt64>
    var count: Int
    var byteCount: Int

    init(_ source: UInt32, _ sequences: ClosedRange<UInt64>, count: Int, byteCount: Int) {
      self.source = source
      self.sequences = sequences
      self.count = count
      self.byteCount = byteCount
    }
  }

  /// A range of bytes of the stream.
  struct Place {
    /// Offset of the first byte from the start of the stream.
    let start: UInt64
    /// The number of bytes.
    var count: Int
    /// The records in it; nil for the server's own.
    var records: Entry?
  }

  private var places: [Place] = []
  private var head = 0

  /// Most bytes of records that share an entry: they are dropped together or not at all.
  private static let sharedSize = 64 << 10

  /// Appends records that are written at offset `start` of the stream.
  ///
  /// - Parameter sent: bytes of the stream that were sent already.
  mutating func append(_ records: Entry, at start: UInt64, sent: UInt64) {
    append(records, count: records.byteCount, at: start, sent: sent)
  }

  /// Appends bytes that are written at offset `start`; `records` is nil if they are the server's own.
  mutating func append(_ records: Entry?, count: Int, at start: UInt64, sent: UInt64) {
    while head < places.count, places[head].start + UInt64(places[head].count) <= sent { head += 1 }
    if head == places.count {
      places.removeAll(keepingCapacity: true)
      head = 0
    } else if head > 64, head > places.count / 2 {
      places.removeFirst(head)
      head = 0
    }
    if let records, places.count > head, let last = places[places.count - 1].records,
      last.source == records.source, last.byteCount + count <= Self.sharedSize,
      last.sequences.upperBound < records.sequences.lowerBound
    {
      places[places.count - 1].count += count
      places[places.count - 1].records = Entry(
        last.source,
        last.sequences.lowerBound...records.sequences.upperBound,
        count: last.count + records.count,
        byteCount: last.byteCount + count
      )
    } else {
      places.append(Place(start: start, count: count, records: records))
    }
  }

  /// Removes and returns the entries that have not begun to be sent, in order.
  mutating func removeUnsent(sent: UInt64) -> [Place] {
    guard let first = places[head...].firstIndex(where: { $0.start >= sent }) else { return [] }
    defer { places.removeSubrange(first...) }
    return Array(places[first...])
  }
}
