import LogProtocol
import Glibc

/// The name of a segment that verbatim closed by itself: the archive's name, `-`, and the segment's start in
/// UTC to the microsecond, so that names sort by time: `verbatim.log-20260102T030405.678901Z`.
struct SegmentName: Equatable {
  /// The segment's start, in microseconds since the Unix epoch.
  let start: UInt64
  /// Whether the segment is compressed; its name then ends with `.zst`.
  let isCompressed: Bool

  /// The suffix of a compressed segment's name.
  static let compressedSuffix = ".zst"
  /// The suffix of the name of a file that is still being written.
  static let partialSuffix = SegmentIndex.unfinishedSuffix

  /// Creates a name.
  init(start: UInt64, isCompressed: Bool = false) {
    self.start = start
    self.isCompressed = isCompressed
  }

  /// Parses a file name; nil if it is no segment name of this archive.
  init?(_ name: String, of archive: String) {
    guard name.hasPrefix(archive + "-") else { return nil }
    var rest = name.dropFirst(archive.count + 1)
    isCompressed = rest.hasSuffix(Self.compressedSuffix)
    if isCompressed { rest = rest.dropLast(Self.compressedSuffix.count) }
    let pattern = "dddddddd:dddddd.ddddddZ"
    let fits = zip(rest.utf8, pattern.utf8).allSatisfy { byte, kind in
      switch kind {
      case UInt8(ascii: "d"): (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      case UInt8(ascii: ":"): byte == UInt8(ascii: "T")
      default: byte == kind
      }
    }
    guard rest.utf8.count == pattern.utf8.count, fits else { return nil }
    let digits = rest.utf8.filter { $0 < UInt8(ascii: "A") && $0 != UInt8(ascii: ".") }.map { Int32($0 - 48) }
    func number(_ places: Range<Int>) -> Int32 { digits[places].reduce(0) { $0 * 10 + $1 } }
    var time = tm()
    time.tm_year = number(0..<4) - 1900
    time.tm_mon = number(4..<6) - 1
    time.tm_mday = number(6..<8)
    time.tm_hour = number(8..<10)
    time.tm_min = number(10..<12)
    time.tm_sec = number(12..<14)
    let seconds = timegm(&time)
    guard seconds >= 0 else { return nil }
    start = UInt64(seconds) * 1_000_000 + UInt64(number(14..<20))
  }

  /// The segment's file name.
  func text(of archive: String) -> String {
    var seconds = time_t(start / 1_000_000)
    var time = tm()
    gmtime_r(&seconds, &time)
    func digits(_ value: some BinaryInteger, _ count: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    let date = digits(time.tm_year + 1900, 4) + digits(time.tm_mon + 1, 2) + digits(time.tm_mday, 2)
    let clock = digits(time.tm_hour, 2) + digits(time.tm_min, 2) + digits(time.tm_sec, 2)
    let fraction = digits(start % 1_000_000, 6)
    return "\(archive)-\(date)T\(clock).\(fraction)Z" + (isCompressed ? Self.compressedSuffix : "")
  }
}
