import Commands

/// Two samples of the same measurements, some seconds apart.
struct Sampled<Value> {
  /// The first sample.
  let first: Value
  /// The second sample; the same as the first if there was only one.
  let second: Value
  /// Seconds between the samples; 0 if there was only one.
  let seconds: Double

  /// A count's growth per second; nil if there was only one sample.
  func rate(_ count: (Value) -> UInt64) -> Double? {
    guard seconds > 0 else { return nil }
    let (before, after) = (count(first), count(second))
    return after >= before ? Double(after - before) / seconds : 0
  }

  /// The latest count, followed by its rate if that is known: `12000 (85/s)`.
  func text(_ count: (Value) -> UInt64) -> String {
    "\(count(second))" + (rate(count).map { " (\(Quantity.perSecond($0)))" } ?? "")
  }

  /// The latest byte count, followed by its rate if that is known: `1.2 MB (85 kB/s)`.
  func bytes(_ count: (Value) -> UInt64) -> String {
    Quantity.bytes(count(second)) + (rate(count).map { " (\(Quantity.bytesPerSecond($0)))" } ?? "")
  }
}
