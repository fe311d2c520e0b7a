/// A queue in an array. Adding and removing take amortised constant time.
struct Fifo<Element> {
  private var elements: [Element] = []
  private var head = 0

  /// Whether the queue is empty.
  var isEmpty: Bool { head == elements.count }

  /// The first element; nil if the queue is empty.
  var first: Element? { isEmpty ? nil : elements[head] }

  /// Adds an element at the end.
  mutating func append(_ element: Element) { elements.append(element) }

  /// Removes and returns the first element.
  mutating func popFirst() -> Element? {
    guard head < elements.count else { return nil }
    let element = elements[head]
    head += 1
    if head == elements.count {
      elements.removeAll(keepingCapacity: head < 1024)
      head = 0
    } else if head >= 4096, head * 2 > elements.count {
      elements.removeFirst(head)
      head = 0
    }
    return element
  }
}

/// The candidates to dial, the likeliest first. Within a level, network groups take turns.
///
/// It holds only indices, some of them out of date: the caller checks whether the candidate is still queued
/// at this level.
struct Frontier {
  /// The number of levels; see `Candidate.likelihood`.
  static let levelCount = 7

  /// The number of buckets per level that take turns.
  private static let bucketCount = 64

  /// One candidate in eight comes from the less likely levels, so that none waits for ever.
  private static let turn = 8

  /// The first of the less likely levels.
  private static let unlikely = 4

  private var buckets: [Fifo<UInt32>]
  private var counts: [Int]
  private var turns: [Int]
  private var picks = 0

  /// Creates an empty frontier.
  init() {
    buckets = Array(repeating: Fifo(), count: Self.levelCount * Self.bucketCount)
    counts = Array(repeating: 0, count: Self.levelCount)
    turns = counts
  }

  /// Whether it is empty.
  var isEmpty: Bool { counts.allSatisfy { $0 == 0 } }

  /// Adds a candidate's index.
  ///
  /// - Parameter group: a hash of the group whose turn it takes.
  mutating func append(_ index: UInt32, level: Int, group: UInt64) {
    buckets[level * Self.bucketCount + Int(group >> 32) % Self.bucketCount].append(index)
    counts[level] += 1
  }

  /// Removes the next index, and returns it with its level; nil if the frontier is empty.
  mutating func popFirst() -> (index: UInt32, level: Int)? {
    picks += 1
    let isOther = picks % Self.turn == 0
    if isOther, let level = (Self.unlikely..<Self.levelCount).first(where: { counts[$0] > 0 }) {
      return take(level)
    }
    return counts.firstIndex { $0 > 0 }.map { take($0) }
  }

  private mutating func take(_ level: Int) -> (index: UInt32, level: Int) {
    while true {
      turns[level] = (turns[level] + 1) % Self.bucketCount
      if let index = buckets[level * Self.bucketCount + turns[level]].popFirst() {
        counts[level] -= 1
        return (index, level)
      }
    }
  }
}

/// Candidates that wait to be dialled, the earliest first: a binary heap.
struct Agenda {
  private var heap: [UInt64] = []

  /// Adds a candidate's index, due `due` hundredths of a second after the crawl began.
  mutating func append(_ index: UInt32, due: UInt32) {
    heap.append(UInt64(due) << 32 | UInt64(index))
    var child = heap.count - 1
    while child > 0, heap[child] < heap[(child - 1) / 2] {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  /// When the first candidate is due; nil if there is none.
  var firstDue: UInt32? { heap.first.map { UInt32($0 >> 32) } }

  /// Removes and returns the first candidate if it is due.
  mutating func popFirst(dueBy time: UInt32) -> UInt32? {
    guard let first = heap.first, UInt32(first >> 32) <= time else { return nil }
    let last = heap.removeLast()
    if !heap.isEmpty {
      heap[0] = last
      var parent = 0
      while true {
        var least = parent
        for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child] < heap[least] {
          least = child
        }
        if least == parent { break }
        heap.swapAt(parent, least)
        parent = least
      }
    }
    return UInt32(truncatingIfNeeded: first)
  }
}
