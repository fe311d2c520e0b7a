import CLibEV

/// The streams of a `ReadGate`, by descriptor: which of them are known to be readable, in what order they are read from,
/// and what each may still cost.
///
/// Knows no descriptors' state but what it is told. Each operation takes constant time.
struct ReadQueue {
  enum Kind { case light, heavy }

  private struct Entry {
    let stream: Unmanaged<ByteStream>
    let handler: UnsafeMutableRawPointer
    /// What it may still cost in its round; negative: what it owes.
    var credit: Int
    /// The round in which it last got its share.
    var round: UInt64
    /// Where it waits; nil if it is not known to be readable.
    var kind: Kind?
    /// Whether a read that is short does not mean that nothing is left.
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

  /// Whether nobody waits.
  var isEmpty: Bool { light.first < 0 && heavy.first < 0 }

  /// The first that waits in a list.
  func first(_ kind: Kind) -> Int32? {
    let first = kind == .light ? light.first : heavy.first
    return first < 0 ? nil : first
  }

  /// The one `count` places after the first.
  func first(_ kind: Kind, after count: Int) -> Int32? {
    var place = first(kind)
    for _ in 0..<count {
      guard let former = place else { return nil }
      place = next(after: former)
    }
    return place
  }

  /// The one that waits after another; nil if the other does not wait.
  func next(after descriptor: Int32) -> Int32? {
    guard let next = entries[Int(descriptor)]?.next, next >= 0 else { return nil }
    return next
  }

  /// Adds a stream with the share of a round. Each leaves before it goes.
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

  /// Queues a stream, unless it waits already.
  ///
  /// - Parameter toEnd: whether a read that is short does not mean that nothing is left.
  mutating func becameReadable(_ descriptor: Int32, toEnd: Bool) {
    guard let entry = entries[Int(descriptor)] else { return }
    if toEnd { entries[Int(descriptor)]!.toEnd = true }
    guard entry.kind == nil else { return }
    grantShare(descriptor)
    append(descriptor, to: mayCost(descriptor) ? .light : .heavy)
  }

  /// The heavy stream that is to be looked at next; where all have been in this round, begins the next.
  mutating func nextHeavy() -> Int32? {
    guard let descriptor = first(.heavy) else { return nil }
    if entries[Int(descriptor)]!.round == round { round += 1 }
    grantShare(descriptor)
    return descriptor
  }

  /// Ends the round, because nobody waits.
  mutating func endRound() { round += 1 }

  /// Whether a stream has something left of its share.
  func mayCost(_ descriptor: Int32) -> Bool { entries[Int(descriptor)]!.credit > 0 }

  /// Puts a heavy stream to the end.
  mutating func putBack(_ descriptor: Int32) {
    unlink(descriptor)
    append(descriptor, to: .heavy)
  }

  /// Takes a stream that waits out of its list, to be read from.
  mutating func take(_ descriptor: Int32) -> (stream: ByteStream, share: Int, isLight: Bool, toEnd: Bool) {
    let entry = entries[Int(descriptor)]!
    unlink(descriptor)
    return (entry.stream.takeUnretainedValue(), entry.credit, entry.kind == .light, entry.toEnd)
  }

  /// Notes what reading from a stream cost.
  ///
  /// - Parameter isMore: whether there may be more, which it is to wait for among the heavy.
  mutating func finish(_ stream: ByteStream, _ descriptor: Int32, cost: Int, isMore: Bool) {
    // It may have left, and another come in its place.
    guard let entry = entries[Int(descriptor)],
      entry.stream.toOpaque() == Unmanaged.passUnretained(stream).toOpaque()
    else { return }
    entries[Int(descriptor)]!.credit -= cost
    if isMore { append(descriptor, to: .heavy) } else { entries[Int(descriptor)]!.toEnd = false }
  }

  /// Has the processor fetch what a stream and its handler are told in: of many thousands none is in its cache.
  func fetch(_ descriptor: Int32) {
    guard let entry = entries[Int(descriptor)] else { return }
    netmine_prefetch(entry.stream.toOpaque(), 256)
    netmine_prefetch(entry.handler, 512)
  }

  /// Gives a stream its shares of the rounds since it last got one; what is not used is not kept.
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
