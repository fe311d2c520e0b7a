/// A timer wheel of connections, with a slot for each second. A connection with nothing due costs nothing.
struct UpkeepWheel {
  /// Seconds that the wheel spans. A connection that is due later comes up early and is scheduled again.
  private static let span: UInt64 = 1024

  private var slots: [[UInt32]] = Array(repeating: [], count: Int(span))

  /// The last second whose slot was emptied.
  private var second: UInt64

  /// Creates an empty wheel.
  ///
  /// - Parameter time: the current time, on the monotonic clock in ns.
  init(at time: UInt64) { second = Self.second(time) }

  /// Schedules a connection for the first whole second after a time. Returns that second, or an earlier one
  /// if the time is beyond the wheel's span.
  ///
  /// - Parameter time: when the connection is due, on the monotonic clock in ns.
  mutating func add(_ id: UInt32, at time: UInt64) -> UInt64 {
    let due = min(max(Self.second(time) + 1, second + 1), second + Self.span - 1)
    slots[Int(due % Self.span)].append(id)
    return due
  }

  /// Removes the connections that are due by `time`, and returns each with the second it was scheduled for.
  mutating func take(until time: UInt64) -> [(second: UInt64, id: UInt32)] {
    let now = Self.second(time)
    guard now > second else { return [] }
    var due: [(UInt64, UInt32)] = []
    // After a long pause, one turn of the wheel covers every slot.
    for past in second + 1...min(now, second + Self.span - 1) {
      due += slots[Int(past % Self.span)].map { (past, $0) }
      slots[Int(past % Self.span)] = []
    }
    second = now
    return due
  }

  private static func second(_ time: UInt64) -> UInt64 { time / 1_000_000_000 }
}
