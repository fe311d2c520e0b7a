import Glibc

/// Formats amounts so that people can read them at a glance.
public enum Quantity {
  /// Bytes, with decimal prefixes: `999 B`, `1.5 kB`, `120 MB`.
  public static func bytes(_ count: UInt64) -> String { scaled(Double(count), "B") }

  /// Bytes per second, with decimal prefixes.
  public static func bytesPerSecond(_ rate: Double) -> String { scaled(rate, "B/s") }

  /// A rate per second: `0/s`, `2.5/s`, `12000/s`.
  public static func perSecond(_ rate: Double) -> String { "\(figures(rate))/s" }

  /// A duration in ns, in ms: `0.15`, `23.5`, `1234`.
  public static func milliseconds(_ nanoseconds: UInt64) -> String {
    let value = Double(nanoseconds) / 1e6
    return value < 1 ? fixed(value, digits: 2) : figures(value)
  }

  /// A duration in seconds, in its two largest units: `45s`, `3m12s`, `5h03m`, `12d04h`.
  public static func age(_ seconds: UInt64) -> String {
    func two(_ large: UInt64, _ unit: String, _ small: UInt64, _ smallUnit: String) -> String {
      "\(large)\(unit)\(small < 10 ? "0" : "")\(small)\(smallUnit)"
    }
    switch seconds {
    case ..<60: return "\(seconds)s"
    case ..<3_600: return two(seconds / 60, "m", seconds % 60, "s")
    case ..<86_400: return two(seconds / 3_600, "h", seconds / 60 % 60, "m")
    default: return two(seconds / 86_400, "d", seconds / 3_600 % 24, "h")
    }
  }

  /// A time in ns since the Unix epoch, in UTC to the second: `2026-01-31 12:00:00 UTC`.
  public static func time(_ nanoseconds: UInt64) -> String {
    var seconds = time_t(nanoseconds / 1_000_000_000)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    func padded(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let date = "\(parts.tm_year + 1900)-\(padded(parts.tm_mon + 1))-\(padded(parts.tm_mday))"
    return "\(date) \(padded(parts.tm_hour)):\(padded(parts.tm_min)):\(padded(parts.tm_sec)) UTC"
  }

  /// A count with its noun: `1 node`, `2 nodes`.
  public static func counted(_ count: some BinaryInteger, _ noun: String, _ plural: String? = nil) -> String {
    "\(count) \(count == 1 ? noun : plural ?? noun + "s")"
  }

  private static func scaled(_ value: Double, _ unit: String) -> String {
    var value = value
    for prefix in ["", "k", "M", "G", "T"] {
      if value < 999.5 { return "\(figures(value)) \(prefix)\(unit)" }
      value /= 1000
    }
    return "\(figures(value)) P\(unit)"
  }

  /// One decimal for fractions below 100, otherwise none.
  private static func figures(_ value: Double) -> String {
    value >= 99.95 || value == value.rounded() ? "\(UInt64(value.rounded()))" : fixed(value, digits: 1)
  }

  private static func fixed(_ value: Double, digits: Int) -> String {
    let scale = digits == 1 ? 10.0 : 100.0
    let whole = UInt64((value * scale).rounded())
    let fraction = whole % UInt64(scale)
    return "\(whole / UInt64(scale)).\(digits == 2 && fraction < 10 ? "0" : "")\(fraction)"
  }
}
