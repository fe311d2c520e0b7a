import BitcoinWire
import Bytes
import LogProtocol
import Observations

/// A seeded random number generator.
struct SeededNumbers: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  /// Returns true with a probability of N percent.
  mutating func happens(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }

  mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }
}

/// An archive of a few segments as verbatim might write it, then damaged in every way that a disk, an
/// operator or a stranger can damage it.
struct RandomArchive {
  /// A source, from the archive's point of view.
  private struct Source {
    var instance: UInt64
    var id: UInt32
    /// The last sequence number that the archive accounts for.
    var archived: UInt64
    var isLive = true
  }

  /// The bytes of the segments, in order.
  private(set) var files: [[UInt8]] = []

  private var random: SeededNumbers
  private var segments: [[[UInt8]]] = [[]]
  private var sources: [Source] = []
  private var time = LogArchive.start

  init(seed: UInt64) {
    random = SeededNumbers(seed: seed)
    write()
    for _ in 0..<random.number(0...4) { damage() }
    files = segments.enumerated().map { index, records in
      let preamble = StreamPreamble.bytes(createdAt: LogArchive.start + UInt64(index))
      return (random.happens(90) ? preamble : []) + records.joined()
    }
    if random.happens(40) { for _ in 0..<random.number(1...2) { damageBytes() } }
  }

  // MARK: Writing

  private mutating func write() {
    for _ in 0..<random.number(0...3) { sources.append(newSource(archived: UInt64(random.number(0...50)))) }
    if random.happens(70) { begin() } else { for index in sources.indices { sources[index].archived = 0 } }
    for _ in 0..<random.number(5...60) { act() }
  }

  private mutating func act() {
    guard !sources.isEmpty, !random.happens(4) else { return join() }
    let index = random.number(0...sources.count - 1)
    guard sources[index].isLive else {
      if random.happens(40) { comeBack(index) }
      return
    }
    switch random.number(0...99) {
    case ..<68: for _ in 0..<random.number(1...4) { publish(index) }
    case ..<78: lose(index)
    case ..<84: leave(index)
    case ..<92:
      segments.append([])
      begin()
    default: forge(index)
    }
  }

  private mutating func add(_ record: [UInt8]) { segments[segments.count - 1].append(record) }

  private mutating func add(_ body: MetaBody, source: UInt32 = 0, sequence: UInt64 = 0) {
    time += 1000
    add(LogArchive.record(.meta, sequence, body.body, source: source, time: time))
  }

  private mutating func newSource(archived: UInt64) -> Source {
    Source(
      instance: random.next(),
      id: UInt32(random.number(1...9)) << 8 | UInt32(sources.count),
      archived: archived
    )
  }

  /// Starts a segment, sometimes with a wrong rotation mark.
  private mutating func begin() {
    var positions = sources.filter { $0.isLive || random.happens(50) }.map {
      ArchivePosition(instance: $0.instance, source: $0.id, sequence: $0.archived)
    }
    if !positions.isEmpty, random.happens(10) {
      let index = random.number(0...positions.count - 1)
      positions[index].sequence = positions[index].sequence.saturating(adding: UInt64(random.number(1...9)))
    }
    if random.happens(3) {
      positions.append(ArchivePosition(instance: random.next(), source: 77, sequence: 9))
    }
    add(.rotation(RotationMark(positions: positions)))
    for source in sources where source.isLive { add(joined(source)) }
  }

  private func joined(_ source: Source) -> MetaBody {
    let description = SourceDescription(
      instance: source.instance,
      process: 1,
      kind: "load",
      name: "",
      version: "1"
    )
    return .sourceJoined(source: source.id, description)
  }

  private mutating func join() {
    var source = newSource(archived: 0)
    add(joined(source))
    if random.happens(30) {
      source.archived = UInt64(random.number(1...20))
      addGap(of: source, 1...source.archived, .beforeArchive)
    }
    sources.append(source)
  }

  private mutating func comeBack(_ index: Int) {
    if random.happens(30) { sources[index].id += 1 << 16 }
    sources[index].isLive = true
    add(joined(sources[index]))
  }

  private mutating func publish(_ index: Int) {
    guard sources[index].archived < .max else { return }
    sources[index].archived += 1
    let (id, sequence) = (sources[index].id, sources[index].archived)
    time += 1000
    switch random.number(0...9) {
    case 0:
      let state = ClockState(offset: 1, errorBound: 2, isSynchronised: true)
      add(.clock(state), source: id, sequence: sequence)
    case 1:
      let body = Network.regtest.frame("ping", payload: [1, 2, 3, 4, 5, 6, 7, 8])
      add(LogArchive.record(.message, sequence, body, source: id, time: time, connection: 1))
    case 2:
      let event = ConnectionEvent(.connected, .outbound, remote: LogArchive.peer, local: LogArchive.us)
      add(LogArchive.record(.connection, sequence, event.body, source: id, time: time, connection: 1))
    default:
      let text = Array("record \(sequence)".utf8.prefix(random.number(0...12)))
      add(LogArchive.record(.debug, sequence, text, source: id, time: time))
    }
  }

  private mutating func addGap(of source: Source, _ sequences: ClosedRange<UInt64>, _ cause: Gap.Cause) {
    let gap = Gap(
      source: source.id,
      sequences: sequences,
      count: sequences.upperBound - sequences.lowerBound,
      byteCount: 0,
      cause: cause
    )
    add(.gap(gap))
  }

  /// Skips a source's next records. The archive reports the gap, or the source does, or neither.
  private mutating func lose(_ index: Int) {
    let source = sources[index]
    let count = random.happens(5) ? random.next() : UInt64(random.number(1...10))
    let last = source.archived.saturating(adding: count)
    guard last < .max, last > source.archived else { return }
    sources[index].archived = last
    let missing = source.archived + 1...last
    switch random.number(0...3) {
    case 0:
      addGap(
        of: source,
        missing,
        [.slowReader, .heldByNobody, .beforeArchive].randomElement(using: &random)!
      )
    case 1, 2:
      let isNamed = random.happens(50)
      let gap = Gap(
        source: isNamed ? source.id : 0,
        sequences: missing,
        count: 1,
        byteCount: 9,
        cause: .sourceOverflow
      )
      sources[index].archived += 1
      add(.gap(gap), source: source.id, sequence: sources[index].archived)
    default: break
    }
  }

  private mutating func leave(_ index: Int) {
    let isBehind = random.happens(40)
    let last = sources[index].archived.saturating(adding: isBehind ? UInt64(random.number(1...9)) : 0)
    sources[index].isLive = false
    add(
      .sourceLeft(
        source: sources[index].id,
        saidGoodbye: random.happens(50),
        lastSequence: last,
        reason: "gone"
      )
    )
  }

  /// Adds a record that no archiver would write.
  private mutating func forge(_ index: Int) {
    let source = sources[index]
    let near = source.archived
    switch random.number(0...6) {
    case 0: addGap(of: source, 0...UInt64(random.number(0...30)), .beforeArchive)
    case 1: addGap(of: source, random.next()...UInt64.max, .heldByNobody)
    case 2:
      let first = UInt64(random.number(0...60))
      addGap(of: source, first...first + UInt64(random.number(0...40)), .slowReader)
    case 3: add(.sourceLeft(source: 4711, saidGoodbye: false, lastSequence: .max, reason: ""))
    case 4: add(joined(source), source: source.id, sequence: near.saturating(adding: 2))
    case 5:
      let positions = (0..<2).map {
        ArchivePosition(instance: source.instance, source: 99 + $0, sequence: 12)
      }
      add(.rotation(RotationMark(positions: positions)))
    default:
      add(LogArchive.record(.debug, random.happens(50) ? .max : 1 << 63, [65], source: source.id, time: time))
    }
  }

  // MARK: Damaging

  /// A non-empty part of a segment; nil if the segment is empty.
  private mutating func part(of segment: Int, most: Int) -> Range<Int>? {
    guard !segments[segment].isEmpty else { return nil }
    let first = random.number(0...segments[segment].count - 1)
    return first..<min(segments[segment].count, first + random.number(1...most))
  }

  private mutating func damage() {
    let segment = random.number(0...segments.count - 1)
    guard let part = part(of: segment, most: random.happens(20) ? 100 : 6) else { return }
    switch random.number(0...9) {
    case ..<4: segments[segment].removeSubrange(part)
    case ..<6:
      let copy = Array(segments[segment][part])
      let other = random.number(0...segments.count - 1)
      segments[other].insert(contentsOf: copy, at: random.number(0...segments[other].count))
    case ..<8: segments[segment][part].shuffle(using: &random)
    case 8: segments.swapAt(segment, random.number(0...segments.count - 1))
    default: segments[segment] = []
    }
  }

  private mutating func damageBytes() {
    let index = random.number(0...files.count - 1)
    guard files[index].count > 1 else { return }
    let first = random.number(0...files[index].count - 1)
    let part = first..<min(files[index].count, first + random.number(1...60))
    switch random.number(0...6) {
    case 0, 1: files[index].removeSubrange(first...)
    case 2: files[index].removeSubrange(..<first)
    case 3: files[index].removeSubrange(part)
    case 4: for place in part { files[index][place] = 0 }
    case 5: files[index][first] ^= 1 << UInt8(random.number(0...7))
    default: files[index].insert(contentsOf: part.map { _ in UInt8(random.number(0...255)) }, at: first)
    }
  }
}
