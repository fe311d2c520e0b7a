/// Values due at given times, earliest first, and in order of addition for equal times (a binary heap).
struct Schedule<Value> {
  private var entries: [(time: UInt64, order: UInt64, value: Value)] = []
  private var added: UInt64 = 0

  var isEmpty: Bool { entries.isEmpty }

  /// Time of the first value; nil if there is none.
  var nextTime: UInt64? { entries.first?.time }

  mutating func add(_ value: Value, at time: UInt64) {
    entries.append((time, added, value))
    added += 1
    var child = entries.count - 1
    while child > 0, isEarlier(child, than: (child - 1) / 2) {
      entries.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  /// Removes and returns the first value; nil if there is none.
  mutating func removeFirst() -> (time: UInt64, value: Value)? {
    guard let first = entries.first else { return nil }
    let last = entries.removeLast()
    if !entries.isEmpty {
      entries[0] = last
      sink()
    }
    return (first.time, first.value)
  }

  private mutating func sink() {
    var parent = 0
    while true {
      var earliest = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < entries.count && isEarlier(child, than: earliest) { earliest = child }
      guard earliest != parent else { return }
      entries.swapAt(parent, earliest)
      parent = earliest
    }
  }

  private func isEarlier(_ left: Int, than right: Int) -> Bool {
    (entries[left].time, entries[left].order) < (entries[right].time, entries[right].order)
  }
}
