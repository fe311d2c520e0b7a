import ArgumentParser
import Glibc
import LogProtocol
import LogText

/// The options for the form of records, shared by every command that shows them.
public struct RecordOutputOptions: ParsableArguments {
  /// Whether records are written as JSON objects.
  @Flag(help: "Write each record as a JSON object on a line of its own.")
  public var json = false

  /// Whether JSON objects include payloads.
  @Flag(help: "Write the payload of messages too, in hexadecimal. Only with --json.")
  public var payload = false

  /// Whether times are local; otherwise they are UTC.
  @Flag(help: "Show local times instead of UTC.")
  public var localTime = false

  /// Whether the records' bytes are written.
  @Flag(help: "Write the records' bytes, to be piped on or kept as a log.")
  public var raw = false

  /// Whether records are summarised.
  @Flag(help: "Print one summary line for the records of each second, or of each --interval.")
  public var rate = false

  /// The length of an interval, in seconds; nil for 1.
  @Option(help: ArgumentHelp("Seconds that a line of --rate covers. (default: 1)", valueName: "seconds"))
  public var interval: Double?

  /// Creates the options with their defaults.
  public init() {}

  /// Refuses options that exclude each other, and an interval out of bounds.
  public mutating func validate() throws {
    if payload, !json { throw ValidationError("--payload needs --json") }
    if raw, json || rate || localTime { throw ValidationError("--raw excludes all other forms") }
    if payload, rate { throw ValidationError("--rate shows no payloads") }
    if let interval {
      guard rate else { throw ValidationError("--interval needs --rate") }
      guard interval >= 0.001, interval <= 1e6 else {
        throw ValidationError("--interval must be 0.001 to 1000000 seconds")
      }
    }
    if localTime, json { throw ValidationError("--json has UTC times only; leave out --local-time") }
  }

  /// The form of records written to a descriptor.
  public func mode(for descriptor: Int32 = STDOUT_FILENO) -> RecordMode {
    if raw { return .raw }
    guard rate else { return .lines(formatter(for: descriptor)) }
    let interval = UInt64((interval ?? 1) * 1e9)
    return .rate(RateSummary(interval: interval, isJSON: json, isLocal: localTime))
  }

  /// The formatter for a descriptor: with colours if it is a terminal and NO_COLOR is not set, in ASCII if
  /// the locale is not UTF-8.
  public func formatter(for descriptor: Int32 = STDOUT_FILENO) -> LineFormatter {
    if json { return .json(JSONFormatter(hasPayload: payload)) }
    var style = TextFormatter.Style()
    style.isLocal = localTime
    style.hasColours = isatty(descriptor) == 1 && (Self.variable("NO_COLOR") ?? "").isEmpty
    style.isASCII = !Self.isUTF8
    return .text(TextFormatter(style))
  }

  private static var isUTF8: Bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap(variable).first { !$0.isEmpty } ?? "C"
    let name = locale.uppercased()
    return name.contains("UTF-8") || name.contains("UTF8")
  }

  private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
