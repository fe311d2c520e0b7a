import JSON

/// A histogram of the delays from sending to recording, in bounded memory.
struct TimeErrors {
  /// The number of messages.
  private(set) var count: UInt64 = 0
  /// Messages that were recorded before they were sent.
  private(set) var negativeCount: UInt64 = 0
  /// The largest delay, in ns.
  private(set) var maximum: UInt64 = 0
  /// The largest negative delay, as a positive number of ns.
  private(set) var earliest: UInt64 = 0

  // 16 buckets per power of two, so that a reported value is at most a sixteenth too large.
  private var places = [UInt64](repeating: 0, count: 64 * 16)

  /// Adds a message's two times, in ns since the Unix epoch.
  mutating func note(sent: UInt64, recorded: UInt64) {
    count += 1
    guard recorded >= sent else {
      negativeCount += 1
      earliest = max(earliest, sent - recorded)
      places[0] += 1
      return
    }
    let error = recorded - sent
    maximum = max(maximum, error)
    places[Self.place(error)] += 1
  }

  /// The upper bound of the given share (0 to 1) of the delays, in ns; 0 if there are none.
  func quantile(_ share: Double) -> UInt64 {
    var left = UInt64((share * Double(count)).rounded(.up))
    for (place, count) in places.enumerated() {
      if count >= left, left > 0 { return min(Self.bound(place), maximum) }
      left -= min(left, count)
    }
    return maximum
  }

  private static func place(_ error: UInt64) -> Int {
    guard error >= 16 else { return Int(error) }
    let exponent = 63 - error.leadingZeroBitCount
    return (exponent - 3) * 16 + Int(error >> (exponent - 4)) & 15
  }

  private static func bound(_ place: Int) -> UInt64 {
    guard place >= 16 else { return UInt64(place) }
    let exponent = place / 16 + 3
    let least = UInt64(16 + place % 16) << (exponent - 4)
    return least + (1 << (exponent - 4) - 1)
  }

  /// The quantiles as one line, in µs.
  var text: String {
    guard count > 0 else { return "none" }
    let words = [0.5, 0.9, 0.99, 0.999].map { "p\(Int($0 * 1000)) \(Self.microseconds(quantile($0)))" }
    let early = negativeCount > 0 ? ", \(negativeCount) early by up to \(Self.microseconds(earliest))" : ""
    return "\(count) messages, \(words.joined(separator: ", ")), max \(Self.microseconds(maximum)) µs\(early)"
      .replacing("p500", with: "p50").replacing("p900", with: "p90").replacing("p990", with: "p99")
      .replacing("p999", with: "p99.9")
  }

  /// Writes the quantiles as members, in ns.
  func write(to json: inout JSONWriter) {
    json.member("count", count)
    json.member("p50", quantile(0.5))
    json.member("p90", quantile(0.9))
    json.member("p99", quantile(0.99))
    json.member("p999", quantile(0.999))
    json.member("max", maximum)
    json.member("early", negativeCount)
    json.member("earliest", earliest)
  }

  private static func microseconds(_ time: UInt64) -> String {
    let tenths = time / 100 + (time % 100 >= 50 ? 1 : 0)
    return "\(tenths / 10).\(tenths % 10)"
  }
}
