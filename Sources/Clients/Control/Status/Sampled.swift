import Commands

/// Something measured twice, some seconds apart.
struct Sampled<Value> {
  /// The first measurement.
  let first: Value
  /// The second.
  let second: Value
  /// Seconds between them; 0 where there was only one.
  let seconds: Double

  /// How much a count grew each second; nil where there was only one measurement.
  func rate(_ count: (Value) -> UInt64) -> Double? {
    guard seconds > 0 else { return nil }
    let (before, after) = (count(first), count(second))
    return after >= before ? Double(after - before) / seconds : 0
  }

  /// The latest count, with its rate in brackets where that is known: `12000 (85/s)`.
  func text(_ count: (Value) -> UInt64) -> String {
    "\(count(second))" + (rate(count).map { " (\(Quantity.perSecond($0)))" } ?? "")
  }

  /// The latest bytes, with their rate in brackets where that is known: `1.2 MB (85 kB/s)`.
  func bytes(_ count: (Value) -> UInt64) -> String {
    Quantity.bytes(count(second)) + (rate(count).map { " (\(Quantity.bytesPerSecond($0)))" } ?? "")
  }
}
