/// Connects to begin at a given time, ordered by that time.
struct DialSchedule {
  /// Ordered from latest to earliest, so that removal is at the end. Times are on the monotonic clock in ns.
  private var entries: [(due: UInt64, dial: Dial)] = []
  private var ids: Set<UInt32> = []

  /// The number of scheduled connects.
  var count: Int { entries.count }

  /// When the next connect is due, on the monotonic clock in ns; nil if there is none.
  var nextDue: UInt64? { entries.last?.due }

  /// All scheduled connects, ascending by id.
  var all: [Dial] { entries.map(\.dial).sorted { $0.id < $1.id } }

  /// Whether a connect with this id is scheduled.
  func contains(_ id: UInt32) -> Bool { ids.contains(id) }

  /// Schedules a connect.
  ///
  /// - Parameter due: when to begin it, on the monotonic clock in ns.
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

  /// Removes and returns the next connect; nil if none is due.
  mutating func removeFirst(now: UInt64) -> Dial? {
    guard let last = entries.last, last.due <= now else { return nil }
    ids.remove(last.dial.id)
    return entries.removeLast().dial
  }

  /// Removes and returns the connects with these ids.
  mutating func remove(_ ids: Set<UInt32>) -> [Dial] {
    let removed = entries.filter { ids.contains($0.dial.id) }
    if !removed.isEmpty { entries.removeAll { ids.contains($0.dial.id) } }
    self.ids.subtract(ids)
    return removed.map(\.dial)
  }
}
