/// What waits in a reader's stream, record by record as far as it takes to let go of it: in a few entries for many
/// records.
struct WaitingRecords {
  /// Records of one source that wait one behind the other.
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

  /// Some bytes of the stream.
  struct Place {
    /// Where they begin, from the stream's first byte.
    let start: UInt64
    /// How many there are.
    var count: Int
    /// What they are; nil for what the server says itself.
    var records: Entry?
  }

  private var places: [Place] = []
  private var head = 0

  /// How many bytes of records share an entry: so many are let go of together, or not at all.
  private static let sharedSize = 64 << 10

  /// Takes in records that are written at `start`.
  ///
  /// - Parameter sent: how many bytes of the stream do not wait any more.
  mutating func append(_ records: Entry, at start: UInt64, sent: UInt64) {
    append(records, count: records.byteCount, at: start, sent: sent)
  }

  /// Takes in bytes that are written at `start`; `records` is nil where they are not a source's.
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

  /// Removes what has not begun to be sent, and returns it, in order.
  mutating func removeUnsent(sent: UInt64) -> [Place] {
    guard let first = places[head...].firstIndex(where: { $0.start >= sent }) else { return [] }
    defer { places.removeSubrange(first...) }
    return Array(places[first...])
  }
}
