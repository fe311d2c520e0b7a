/// Connects that are to be begun at some time, the next one first.
struct DialSchedule {
  /// Latest first, so that what is due is at the end. Times are on the monotonic clock in ns.
  private var entries: [(due: UInt64, dial: Dial)] = []
  private var ids: Set<UInt32> = []

  /// How many there are.
  var count: Int { entries.count }

  /// When the next one is due; nil where there is none.
  var nextDue: UInt64? { entries.last?.due }

  /// All, ascending by id.
  var all: [Dial] { entries.map(\.dial).sorted { $0.id < $1.id } }

  /// Whether one has this id.
  func contains(_ id: UInt32) -> Bool { ids.contains(id) }

  /// Adds one.
  mutating func add(_ dial: Dial, due: UInt64) {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].due > due { low = middle + 1 } else { high = middle }
    }
    entries.insert((due, dial), at: low)
    ids.insert(dial.id)
  }

  /// Takes the next one out where it is due.
  mutating func removeFirst(now: UInt64) -> Dial? {
    guard let last = entries.last, last.due <= now else { return nil }
    ids.remove(last.dial.id)
    return entries.removeLast().dial
  }

  /// Takes those with these ids out.
  mutating func remove(_ ids: Set<UInt32>) -> [Dial] {
    let removed = entries.filter { ids.contains($0.dial.id) }
    if !removed.isEmpty { entries.removeAll { ids.contains($0.dial.id) } }
    self.ids.subtract(ids)
    return removed.map(\.dial)
  }
}
