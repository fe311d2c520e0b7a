import CLibEV

/// The streams of a `ReadGate`, by descriptor: which are readable, their order, and the cost that each may
/// still cause.
///
/// It makes no system calls. Each operation takes constant time.
struct ReadQueue {
  enum Kind { case light, heavy }

  private struct Entry {
    let stream: Unmanaged<ByteStream>
    let handler: UnsafeMutableRawPointer
    /// Cost that the stream may still cause in its round; if negative, the cost it owes.
    var credit: Int
    /// The round in which the stream last got its share.
    var round: UInt64
    /// The list in which the stream waits; nil if it is not known to be readable.
    var kind: Kind?
    /// Whether bytes may be left after a read that did not fill its room.
    var toEnd = false
    var next: Int32 = -1
    var previous: Int32 = -1
  }

  private struct List {
    var first: Int32 = -1
    var last: Int32 = -1
  }

  private var entries: [Entry?] = []
  private var light = List()
  private var heavy = List()
  private var round: UInt64 = 0

  /// Whether no stream waits.
  var isEmpty: Bool { light.first < 0 && heavy.first < 0 }

  /// The first stream of a list; nil if the list is empty.
  func first(_ kind: Kind) -> Int32? {
    let first = kind == .light ? light.first : heavy.first
    return first < 0 ? nil : first
  }

  /// The stream `count` places after the first; nil if the list is shorter.
  func first(_ kind: Kind, after count: Int) -> Int32? {
    var place = first(kind)
    for _ in 0..<count {
      guard let former = place else { return nil }
      place = next(after: former)
    }
    return place
  }

  /// The stream that waits after another; nil if the other does not wait or is the last.
  func next(after descriptor: Int32) -> Int32? {
    guard let next = entries[Int(descriptor)]?.next, next >= 0 else { return nil }
    return next
  }

  /// Adds a stream with the share of a round. The queue does not retain it: remove it before it is freed.
  mutating func insert(_ stream: ByteStream) {
    let descriptor = stream.descriptor
    while entries.count <= descriptor { entries.append(nil) }
    entries[Int(descriptor)] = Entry(
      stream: .passUnretained(stream),
      handler: stream.handlerAddress,
      credit: ReadGate.share,
      round: round
    )
  }

  /// Removes a stream.
  mutating func remove(_ descriptor: Int32) {
    unlink(descriptor)
    entries[Int(descriptor)] = nil
  }

  /// Enqueues a stream, unless it waits already.
  ///
  /// - Parameter toEnd: whether bytes may be left after a read that did not fill its room.
  mutating func becameReadable(_ descriptor: Int32, toEnd: Bool) {
    guard let entry = entries[Int(descriptor)] else { return }
    if toEnd { entries[Int(descriptor)]!.toEnd = true }
    guard entry.kind == nil else { return }
    grantShare(descriptor)
    append(descriptor, to: mayCost(descriptor) ? .light : .heavy)
  }

  /// The next heavy stream to visit; nil if there is none. If all have been visited in this round, begins the
  /// next round.
  mutating func nextHeavy() -> Int32? {
    guard let descriptor = first(.heavy) else { return nil }
    if entries[Int(descriptor)]!.round == round { round += 1 }
    grantShare(descriptor)
    return descriptor
  }

  /// Ends the round, because no stream waits.
  mutating func endRound() { round += 1 }

  /// Whether a stream has not used up its share.
  func mayCost(_ descriptor: Int32) -> Bool { entries[Int(descriptor)]!.credit > 0 }

  /// Moves a heavy stream to the end of its list.
  mutating func putBack(_ descriptor: Int32) {
    unlink(descriptor)
    append(descriptor, to: .heavy)
  }

  /// Removes a waiting stream from its list, to read from it.
  mutating func take(_ descriptor: Int32) -> (stream: ByteStream, share: Int, isLight: Bool, toEnd: Bool) {
    let entry = entries[Int(descriptor)]!
    unlink(descriptor)
    return (entry.stream.takeUnretainedValue(), entry.credit, entry.kind == .light, entry.toEnd)
  }

  /// Charges a stream for a read.
  ///
  /// - Parameter isMore: whether more bytes may be there. The stream then waits among the heavy ones.
  mutating func finish(_ stream: ByteStream, _ descriptor: Int32, cost: Int, isMore: Bool) {
    // The read may have removed the stream, and another may have its descriptor now.
    guard let entry = entries[Int(descriptor)],
      entry.stream.toOpaque() == Unmanaged.passUnretained(stream).toOpaque()
    else { return }
    entries[Int(descriptor)]!.credit -= cost
    if isMore { append(descriptor, to: .heavy) } else { entries[Int(descriptor)]!.toEnd = false }
  }

  /// Prefetches the memory of a stream and its handler: among many thousands of streams it is not in the
  /// processor's cache.
  func fetch(_ descriptor: Int32) {
    guard let entry = entries[Int(descriptor)] else { return }
    netmine_prefetch(entry.stream.toOpaque(), 256)
    netmine_prefetch(entry.handler, 512)
  }

  /// Grants a stream its shares of the rounds since its last one. Unused shares do not accumulate.
  private mutating func grantShare(_ descriptor: Int32) {
    let entry = entries[Int(descriptor)]!
    let rounds = Int(min(round - entry.round, UInt64(Int.max / ReadGate.share / 2)))
    guard rounds > 0 else { return }
    entries[Int(descriptor)]!.round = round
    entries[Int(descriptor)]!.credit = min(entry.credit + rounds * ReadGate.share, ReadGate.share)
  }

  private mutating func append(_ descriptor: Int32, to kind: Kind) {
    var list = kind == .light ? light : heavy
    entries[Int(descriptor)]!.kind = kind
    entries[Int(descriptor)]!.previous = list.last
    entries[Int(descriptor)]!.next = -1
    if list.last >= 0 { entries[Int(list.last)]!.next = descriptor } else { list.first = descriptor }
    list.last = descriptor
    if kind == .light { light = list } else { heavy = list }
  }

  private mutating func unlink(_ descriptor: Int32) {
    guard let entry = entries[Int(descriptor)], let kind = entry.kind else { return }
    var list = kind == .light ? light : heavy
    if entry.previous >= 0 {
      entries[Int(entry.previous)]!.next = entry.next
    } else {
      list.first = entry.next
    }
    if entry.next >= 0 {
      entries[Int(entry.next)]!.previous = entry.previous
    } else {
      list.last = entry.previous
    }
    if kind == .light { light = list } else { heavy = list }
    entries[Int(descriptor)]!.kind = nil
    entries[Int(descriptor)]!.next = -1
    entries[Int(descriptor)]!.previous = -1
  }
}
