/// Moments that come by chance, each whenever: a Poisson process as a rule rather than a list, so that any of them can
/// be looked up in any order.
///
/// Time is cut into windows as long as the mean; how many moments are in one, and when, follows from its number.
struct PoissonProcess {
  private let key: UInt64
  private let mean: UInt64

  /// A process.
  ///
  /// - Parameters:
  ///   - key: makes it another one than others.
  ///   - mean: ns from one moment to the next, on average; 0 for at any time.
  init(key: UInt64, mean: UInt64) {
    self.key = key
    self.mean = mean
  }

  /// The first moment after a time, both in ns from the same start.
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
    // Knuth: as many moments as random numbers can be multiplied before the product falls below 1/e.
    var product = Double(draw() >> 11) * 0x1p-53
    while product > 0.367_879_441_171_442_33 {
      let moment = window * mean + draw().multipliedFullWidth(by: mean).high
      if moment > time { earliest = min(earliest ?? .max, moment) }
      product *= Double(draw() >> 11) * 0x1p-53
    }
    return earliest
  }
}
