internal import Glibc
public import Logging

/// Writes a program's log to stderr, one line for each message.
///
/// A line has the UTC time with microseconds, level, program, message, and the metadata as key=value. Control
/// characters are escaped, so that a peer's text can neither break a line nor control a terminal. If stderr
/// is non-blocking and full, the rest of a line is lost; if it is blocking, the program waits.
public struct StandardErrorLog: LogHandler {
  /// The lowest level that is written.
  public var logLevel: Logger.Level

  /// The metadata of every line.
  public var metadata: Logger.Metadata = [:]

  /// The provider of further metadata for each line.
  public var metadataProvider: Logger.MetadataProvider?

  private let program: String
  private let hasColours: Bool

  /// Creates a log for `program`, with colours if stderr is a terminal and `NO_COLOR` is not set.
  public init(program: String, level: Logger.Level = .info) {
    self.program = program
    logLevel = level
    hasColours = isatty(STDERR_FILENO) == 1 && getenv("NO_COLOR") == nil
  }

  /// Returns a logger that writes to stderr, independent of the process's other loggers.
  public static func logger(program: String, level: Logger.Level = .info) -> Logger {
    Logger(label: program) { _ in StandardErrorLog(program: program, level: level) }
  }

  /// The metadata of every line, by key.
  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  /// Writes a line.
  public func log(event: LogEvent) {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    let computed = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }
    var all = computed.merging(event.metadata ?? [:]) { $1 }
    if let error = event.error { all["error"] = .string("\(error)") }
    let line = Self.line(
      time: time,
      level: event.level,
      program: program,
      message: event.message.description,
      metadata: all,
      hasColours: hasColours
    )
    Self.write(line)
  }

  /// Formats a line, with its line feed.
  static func line(
    time: timespec,
    level: Logger.Level,
    program: String,
    message: String,
    metadata: Logger.Metadata,
    hasColours: Bool
  ) -> String {
    let word = level.rawValue.padded(to: 8)
    let shown = hasColours ? "\u{1B}[\(colour(of: level))m\(word)\u{1B}[0m" : word
    var line = "\(stamp(time)) \(shown) \(program): \(escaped(message))"
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      let text = escaped("\(value)")
      let needsQuotes = text.isEmpty || text.contains { $0 == " " || $0 == "\"" }
      line += " \(escaped(key))=" + (needsQuotes ? "\"\(text.replacing("\"", with: "\\\""))\"" : text)
    }
    return line + "\n"
  }

  /// Formats a time, as in "2026-01-31T23:59:59.000001Z".
  private static func stamp(_ time: timespec) -> String {
    var seconds = time.tv_sec
    var parts = tm()
    gmtime_r(&seconds, &parts)
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let date = "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
    let clock = "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
    let fraction = String(time.tv_nsec / 1000)
    return "\(date)T\(clock)." + String(repeating: "0", count: 6 - fraction.count) + "\(fraction)Z"
  }

  private static func colour(of level: Logger.Level) -> Int {
    switch level {
    case .trace, .debug: 90
    case .info: 32
    case .notice: 36
    case .warning: 33
    case .error, .critical: 31
    }
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      if scalar.properties.generalCategory == .control {
        result += scalar == "\n" ? "\\n" : "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// Writes a text to stderr. The rest is lost after an error, such as EAGAIN.
  static func write(_ line: String) {
    var line = line
    line.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while let start = rest.baseAddress, !rest.isEmpty {
        let count = Glibc.write(STDERR_FILENO, start, rest.count)
        if count < 0, errno == EINTR { continue }
        if count <= 0 { return }
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
      }
    }
  }
}

extension String {
  /// Appends spaces up to `width` characters.
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
