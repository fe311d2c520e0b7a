import ArgumentParser
import BitcoinWire
import Bytes
import Commands
import LogConsumer
import LogFiles
import LogOptions
import LogProtocol
import LogText

/// `netmine log grep`: shows the records that match a pattern, bytes or a hash.
struct GrepCommand: LogToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "grep",
    abstract: "Show the records of log files that match a pattern, bytes or a hash.",
    discussion: """
      For example: netmine log grep --pattern 'addrv2 [0-9]{3}' verbatim.log
      netmine log grep --hash 4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b verbatim.log

      --pattern is a regular expression, matched against the line that `cat` would show (without --json). \
      Exit status 1 if no record matches.
      """
  )

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Regular expression to search for in the line.", valueName: "pattern")
  )
  var pattern: String?

  @Flag(name: .shortAndLong, help: "Ignore case in the pattern.")
  var ignoreCase = false

  @Option(help: ArgumentHelp("Bytes to search for in the record's body, in hexadecimal.", valueName: "hex"))
  var hex: String?

  @Option(
    help: ArgumentHelp(
      """
      Hash to search for: in the record's body, or the txid, wtxid or block hash of its transaction or \
      block.
      """,
      valueName: "hash"
    )
  )
  var hash: String?

  @Flag(name: .customLong("invert"), help: "Show the records that do not match.")
  var isInverted = false

  @Flag(help: "Print only the number of matching records.")
  var quantity = false

  @OptionGroup(title: "Which records") var records: RecordFilterOptions
  @OptionGroup(title: "How they are shown") var form: RecordOutputOptions

  @Option(help: ArgumentHelp("Stop after this many records.", valueName: "n"))
  var count: Int?

  @OptionGroup var input: LogFileOptions

  var isJSON: Bool { form.json }

  func validate() throws {
    guard count ?? 1 > 0 else { throw ValidationError("--count must be 1 or more.") }
    guard pattern != nil || hex != nil || hash != nil else {
      throw ValidationError("Name what to search for with --pattern, --hex or --hash.")
    }
    _ = try matcher()
  }

  private func matcher() throws -> RecordMatcher {
    var matcher = RecordMatcher()
    if let pattern {
      do { matcher.pattern = try Regex(pattern).ignoresCase(ignoreCase) } catch {
        throw ValidationError("--pattern is not a regular expression: \(error)")
      }
    }
    if let hex {
      guard let bytes = Hexadecimal.bytes(hex), !bytes.isEmpty else {
        throw ValidationError("--hex needs two hexadecimal digits per byte.")
      }
      matcher.bytes = bytes
    }
    if let hash {
      matcher.hash = Hash256(hash)
      guard matcher.hash != nil else { throw ValidationError("--hash needs 64 hexadecimal digits.") }
    }
    return matcher
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    guard let matcher = try? matcher() else { return .usage }
    var everything = RecordCriteria()
    everything.asksForMeta = true
    let listing = RecordListing(RecordLines(everything, form.mode(), isLive: false), environment.output)
    var formatter = TextFormatter()
    var found = 0
    let reading = LogReading(input, environment.output, for: records.filter)
    try reading.forEach { record, _, isWanted in
      let isMatch = isWanted && Self.matches(record, matcher, &formatter) != isInverted
      guard isMatch else {
        formatter.skip(record)
        listing.skip(record)
        return true
      }
      found += 1
      if quantity { formatter.skip(record) } else { _ = listing.print(record) }
      return found < count ?? .max
    }
    listing.finish()
    if quantity { environment.output.line("\(found)") }
    return found > 0 ? reading.status : .someFailed
  }

  private static func matches(
    _ record: StreamRecord,
    _ matcher: RecordMatcher,
    _ formatter: inout TextFormatter
  ) -> Bool {
    guard matcher.matches(record) else { return false }
    if matcher.pattern == nil { return true }
    var line: [UInt8] = []
    formatter.append(record, to: &line)
    return matcher.matches(String(decoding: line.dropLast(), as: UTF8.self))
  }
}
