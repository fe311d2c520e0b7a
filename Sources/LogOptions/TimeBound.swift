import ArgumentParser
import Glibc

/// A point in time as a person writes it: ISO 8601, seconds since the Unix epoch, or an age.
public struct TimeBound: Hashable, Sendable {
  /// The time, in ns since the Unix epoch.
  public var time: UInt64

  /// Creates a bound from ns since the Unix epoch.
  public init(_ time: UInt64) { self.time = time }

  /// Parses a time; nil if the text is none.
  ///
  /// `2026-01-31`, `2026-01-31T23:59`, `2026-01-31T23:59:59.5Z`, `2026-01-31 23:59:59+01:00` (UTC unless a
  /// zone is given), `@1700000000.25`, `-90s`, `-10m`, `-1.5h`, `-2d`, `-1w`, `now`.
  ///
  /// - Parameter now: the current time for ages, in ns since the Unix epoch.
  public init?(_ text: String, now: UInt64) {
    if text == "now" {
      time = now
    } else if text.hasPrefix("@"), let time = Self.decimal(text.dropFirst()) {
      self.time = time
    } else if text.hasPrefix("-"), let age = Self.age(text.dropFirst()) {
      time = now > age ? now - age : 0
    } else if let time = Self.calendar(text) {
      self.time = time
    } else {
      return nil
    }
  }

  /// Parses seconds with up to nine digits after the point; returns ns.
  private static func decimal(_ text: Substring) -> UInt64? {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let seconds = whole(parts[0], digits: 1...10) else { return nil }
    var nanoseconds: UInt64 = 0
    if parts.count == 2 {
      guard let fraction = whole(parts[1], digits: 1...9) else { return nil }
      nanoseconds = (parts[1].count..<9).reduce(fraction) { value, _ in value * 10 }
    }
    return seconds * 1_000_000_000 + nanoseconds
  }

  private static func whole(_ text: Substring, digits: ClosedRange<Int>) -> UInt64? {
    guard digits.contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else {
      return nil
    }
    return UInt64(text)
  }

  private static func age(_ text: Substring) -> UInt64? {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]
    guard let unit = text.last.flatMap({ units[$0] }), let value = decimal(text.dropLast()) else {
      return nil
    }
    let age = Double(value) * unit
    return age < 0x1p62 ? UInt64(age) : nil
  }

  private static func calendar(_ text: String) -> UInt64? {
    let halves = text.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == "T" || $0 == " " }
    let date = halves[0].split(separator: "-", omittingEmptySubsequences: false)
    guard date.count == 3, let year = whole(date[0], digits: 4...4),
      let month = whole(date[1], digits: 2...2),
      let day = whole(date[2], digits: 2...2), (1970...2500).contains(year), (1...12).contains(month)
    else { return nil }
    var parts = tm()
    parts.tm_year = Int32(year) - 1900
    parts.tm_mon = Int32(month) - 1
    parts.tm_mday = Int32(day)
    let midnight = timegm(&parts)
    // timegm moves a day that the month does not have into the next month.
    guard parts.tm_mday == Int32(day), parts.tm_mon == Int32(month) - 1 else { return nil }
    guard halves.count == 2 else { return UInt64(midnight) * 1_000_000_000 }
    guard let (clock, offset) = clock(halves[1]) else { return nil }
    let seconds = midnight - offset
    return seconds < 0 ? nil : UInt64(seconds) * 1_000_000_000 + clock
  }

  /// Parses a time of day; returns it in ns, and the seconds by which its zone is ahead of UTC.
  private static func clock(_ text: Substring) -> (UInt64, Int)? {
    var text = text
    var offset = 0
    if text.last == "Z" {
      text.removeLast()
    } else if let sign = text.lastIndex(where: { $0 == "+" || $0 == "-" }) {
      let zone = text[text.index(after: sign)...].split(separator: ":", omittingEmptySubsequences: false)
      guard zone.count == 2, let hours = whole(zone[0], digits: 2...2),
        let minutes = whole(zone[1], digits: 2...2), hours < 15, minutes < 60
      else { return nil }
      offset = Int(hours * 3600 + minutes * 60) * (text[sign] == "-" ? -1 : 1)
      text = text[..<sign]
    }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard (2...3).contains(parts.count), let hours = whole(parts[0], digits: 2...2),
      let minutes = whole(parts[1], digits: 2...2), hours < 24, minutes < 60
    else { return nil }
    var clock = (hours * 3600 + minutes * 60) * 1_000_000_000
    if parts.count == 3 {
      guard let seconds = decimal(parts[2]), parts[2].prefix(3).count(where: { $0.isNumber }) == 2,
        seconds < 60_000_000_000
      else { return nil }
      clock += seconds
    }
    return (clock, offset)
  }
}

extension TimeBound: ExpressibleByArgument {
  /// Parses a time; ages are relative to the current time.
  public init?(argument: String) {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    self.init(argument, now: UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec))
  }
}
