/// A Poisson process computed by a rule instead of stored, so that any of its moments can be looked up in any
/// order.
///
/// Time is divided into windows as long as the mean. The number of moments in a window, and their times,
/// follow from the window's number.
struct PoissonProcess {
  private let key: UInt64
  private let mean: UInt64

  /// Creates a process.
  ///
  /// - Parameters:
  ///   - key: selects the process.
  ///   - mean: average ns between two moments; 0 if every time is a moment.
  init(key: UInt64, mean: UInt64) {
    self.key = key
    self.mean = mean
  }

  /// The first moment after a time. Both are in ns since the same start.
  func next(after time: UInt64) -> UInt64 {
    guard mean > 0 else { return time }
    var window = time / mean
    while true {
      if let moment = first(after: time, in: window) { return moment }
      window += 1
    }
  }

  private func first(after time: UInt64, in window: UInt64) -> UInt64? {
    var state = RandomSource.mixed(key ^ RandomSource.mixed(window &+ 1))
    func draw() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      return RandomSource.mixed(state)
    }
    var earliest: UInt64?
    // Knuth's method: draw moments until the product of random numbers falls below 1/e.
    var product = Double(draw() >> 11) * 0x1p-53
    while product > 0.367_879_441_171_442_33 {
      let moment = window * mean + draw().multipliedFullWidth(by: mean).high
      if moment > time { earliest = min(earliest ?? .max, moment) }
      product *= Double(draw() >> 11) * 0x1p-53
    }
    return earliest
  }
}
