/// Connections by the second at which they are to be looked at next, so that those of which nothing is due cost nothing.
struct UpkeepWheel {
  /// Seconds that it spans; what is due later is looked at in between.
  private static let span: UInt64 = 1024

  private var slots: [[UInt32]] = Array(repeating: [], count: Int(span))

  /// The second up to which connections have been taken.
  private var second: UInt64

  /// Creates a wheel.
  ///
  /// - Parameter time: now, on the monotonic clock in ns.
  init(at time: UInt64) { second = Self.second(time) }

  /// Has a connection taken again once a time has come, and not before; returns the second that it is noted for.
  ///
  /// - Parameter time: on the monotonic clock in ns.
  mutating func add(_ id: UInt32, at time: UInt64) -> UInt64 {
    let due = min(max(Self.second(time) + 1, second + 1), second + Self.span - 1)
    slots[Int(due % Self.span)].append(id)
    return due
  }

  /// Takes those that were noted for a second up to now, with that second.
  mutating func take(until time: UInt64) -> [(second: UInt64, id: UInt32)] {
    let now = Self.second(time)
    guard now > second else { return [] }
    var due: [(UInt64, UInt32)] = []
    // After a long stop each slot holds one second, and the wheel is gone round once.
    for past in second + 1...min(now, second + Self.span - 1) {
      due += slots[Int(past % Self.span)].map { (past, $0) }
      slots[Int(past % Self.span)] = []
    }
    second = now
    return due
  }

  private static func second(_ time: UInt64) -> UInt64 { time / 1_000_000_000 }
}
