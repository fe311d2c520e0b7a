import Glibc

/// Writes times as ISO 8601; fast for times within the same second.
public struct TimeText {
  private let isLocal: Bool
  private var second: UInt64 = .max
  private var start: [UInt8] = []
  private var end: [UInt8] = []

  /// Creates a writer of UTC, or of local time with its offset.
  public init(isLocal: Bool = false) { self.isLocal = isLocal }

  /// Appends a time, `2026-01-31T23:59:59.000001Z`.
  ///
  /// - Parameters:
  ///   - time: ns since the Unix epoch.
  ///   - digits: digits of the fraction, 1 … 9; the rest is cut off, not rounded.
  public mutating func append(_ time: UInt64, digits: Int = 6, to output: inout [UInt8]) {
    if time / 1_000_000_000 != second { turn(to: time / 1_000_000_000) }
    output += start
    var unit: UInt64 = 100_000_000
    for _ in 0..<digits {
      output.append(UInt8(ascii: "0") + UInt8(time / unit % 10))
      unit /= 10
    }
    output += end
  }

  /// Returns a time's text.
  public mutating func text(_ time: UInt64, digits: Int = 6) -> String {
    var bytes: [UInt8] = []
    append(time, digits: digits, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  private mutating func turn(to second: UInt64) {
    self.second = second
    var parts = tm()
    var seconds = time_t(second)
    if isLocal { localtime_r(&seconds, &parts) } else { gmtime_r(&seconds, &parts) }
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let date = "\(parts.tm_year + 1900)-\(two(Int(parts.tm_mon) + 1))-\(two(Int(parts.tm_mday)))"
    start = Array(
      "\(date)T\(two(Int(parts.tm_hour))):\(two(Int(parts.tm_min))):\(two(Int(parts.tm_sec))).".utf8
    )
    let minutes = abs(parts.tm_gmtoff) / 60
    let offset = (parts.tm_gmtoff < 0 ? "-" : "+") + two(minutes / 60) + ":" + two(minutes % 60)
    end = Array((isLocal ? offset : "Z").utf8)
  }
}
