import EventLoop
import Testing

@testable import LogProtocol

@Suite struct RecordStoreTests {
  /// Adds a record of 100 bytes; false if it does not fit.
  func add(_ sequence: UInt64, to store: inout RecordStore, givesWay: Bool = true) -> Bool {
    let header = RecordHeader(type: .debug, source: 1, time: 0, sequence: sequence, bodyCount: 68)
    return store.append(sequence: sequence, count: 100, givesWay: givesWay) { header.write(to: $0) }
  }

  func taken(_ slice: ChunkSlice?) -> [RecordHeader] {
    guard let slice else { return [] }
    var cursor = RecordCursor(slice.bytes)
    var headers: [RecordHeader] = []
    while let (header, _) = try! cursor.next() { headers.append(header) }
    return headers
  }

  @Test func handsOutRecordsOnceInOrder() {
    var store = RecordStore(limit: 10_000, segmentCapacity: 250)
    for sequence in 1...5 { #expect(add(UInt64(sequence), to: &store)) }
    #expect(store.unsentCount == 500)
    var sequences: [UInt64] = []
    while let slice = store.takeUnsent(maximum: 150) { sequences += taken(slice).map(\.sequence) }
    #expect(sequences == [1, 2, 3, 4, 5])
    #expect(store.unsentCount == 0)
  }

  @Test func forgetsWhatIsAcknowledged() {
    var store = RecordStore(limit: 10_000, segmentCapacity: 200)
    for sequence in 1...4 { _ = add(UInt64(sequence), to: &store) }
    while store.takeUnsent(maximum: 1000) != nil {}
    store.acknowledge(2)
    #expect(store.oldestSequence == 3)
    store.acknowledge(4)
    #expect(store.isEmpty)
  }

  @Test func sendsAgainAfterARewindAndMarksIt() {
    var store = RecordStore(limit: 10_000, segmentCapacity: 250)
    for sequence in 1...4 { _ = add(UInt64(sequence), to: &store) }
    _ = store.takeUnsent(maximum: 200)
    _ = store.takeUnsent(maximum: 100)
    store.rewind(after: 1, source: 77)
    var headers: [RecordHeader] = []
    while let slice = store.takeUnsent(maximum: 1000) { headers += taken(slice) }
    #expect(headers.map(\.sequence) == [2, 3, 4])
    #expect(headers.map(\.source) == [77, 77, 77])
    #expect(headers.map { $0.flags.contains(.resent) } == [true, true, false])
    #expect(store.unsentCount == 0)
  }

  /// A store may hold gigabytes: resending takes no extra memory once nobody references the bytes sent first.
  @Test(arguments: [1, 77] as [UInt32])
  func copiesWhatIsSentAgainOnlyWhileTheFirstIsOnItsWay(source: UInt32) {
    var store = RecordStore(limit: 10_000, segmentCapacity: 250)
    store.rewind(after: 0, source: 1)
    for sequence in 1...4 { _ = add(UInt64(sequence), to: &store) }
    func place(_ slice: ChunkSlice?) -> UInt { UInt(bitPattern: slice!.bytes.baseAddress) }
    // The address of the records' chunk; the store keeps the chunk, so nothing else can have that address.
    var original: UInt = 0
    do {
      let sent = store.takeUnsent(maximum: 1000)
      original = place(sent)
      store.rewind(after: 0, source: source)
      let again = store.takeUnsent(maximum: 1000)
      #expect(place(again) != original)
      #expect(taken(again).allSatisfy { $0.source == source && $0.flags == .resent })
      // The slice in flight is unchanged.
      #expect(taken(sent).allSatisfy { $0.source == 1 && $0.flags == [] })
    }
    for _ in 0..<2 {
      store.rewind(after: 0, source: source)
      let again = store.takeUnsent(maximum: 1000)
      #expect(place(again) == original)
      #expect(taken(again).map(\.sequence) == [1, 2])
      #expect(taken(again).allSatisfy { $0.source == source && $0.flags == .resent })
    }
  }

  @Test func refusesWhatExceedsTheBoundUntilThereIsRoom() {
    var store = RecordStore(limit: 400, segmentCapacity: 200)
    for sequence in 1...4 { #expect(add(UInt64(sequence), to: &store)) }
    #expect(!add(5, to: &store))
    // Sent records give way to new ones, acknowledged or not.
    _ = store.takeUnsent(maximum: 200)
    #expect(add(6, to: &store))
    #expect(store.oldestSequence == 3)
    #expect(store.unsentCount == 300)
  }

  @Test func takesARecordLargerThanASegment() {
    var store = RecordStore(limit: 10_000, segmentCapacity: 50)
    #expect(add(1, to: &store))
    #expect(taken(store.takeUnsent(maximum: 10)).map(\.sequence) == [1])
  }
}
