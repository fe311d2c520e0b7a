import ArgumentParser
import BitcoinWire
import Bytes
import Commands
import JSON
import LogConsumer
import LogFiles
import LogOptions
import LogProtocol
import LogText

/// `netmine log first`: lists the peers that announced a transaction or block, in order.
struct FirstCommand: LogToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "first",
    abstract: "List the peers that announced a transaction or block, in order, with their delays.",
    discussion: """
      Searches received inv, headers, cmpctblock, tx and block messages. The first announcement on each \
      connection counts. A transaction has two hashes: nodes announce it by its wtxid or, if they are old, \
      by its txid. If the transaction itself was received, its other hash is reported; name it with --also \
      to find the announcements by it too. Delays are in milliseconds after the first announcement; ≤ marks \
      times that are upper bounds.

      Exit status 1 if no peer announced it.
      """
  )

  @Option(help: ArgumentHelp("The transaction's other hash. May be repeated.", valueName: "hash"))
  var also: [String] = []

  @Flag(help: "List every announcement, not only the first on each connection.")
  var all = false

  @Flag(help: "Print JSON, one object per line.")
  var json = false

  @OptionGroup(title: "Which records") var records: RecordFilterOptions

  @Argument(help: "A block's hash, a txid or a wtxid.")
  var hash: String

  @OptionGroup var input: LogFileOptions

  var isJSON: Bool { json }

  func validate() throws {
    for text in [hash] + also where Hash256(text) == nil {
      throw ValidationError("\(text) is not a hash of 64 hexadecimal digits.")
    }
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    var search = AnnouncementSearch(Set(([hash] + also).compactMap { Hash256($0) }), tellsAll: all)
    let reading = LogReading(input, environment.output, for: records.filter)
    try reading.forEach { record, _, isWanted in
      search.note(record, isShown: isWanted)
      return true
    }
    let found = search.ordered
    if let first = found.first { show(found, after: first.time, environment.output) }
    for other in search.others {
      environment.output.note(
        "The transaction's other hash is \(other): find its announcements too with --also."
      )
    }
    guard found.isEmpty else { return reading.status }
    environment.output.complain("Nobody announced \(hash).")
    return .someFailed
  }

  private func show(_ found: [AnnouncementSearch.Found], after first: UInt64, _ output: Output) {
    var times = TimeText()
    guard !json else {
      for entry in found {
        var object = JSONWriter()
        object.member("delay_ns", entry.time - first)
        object.member("time_ns", entry.time)
        object.member("time", times.text(entry.time, digits: 9))
        object.member("upper_bound", entry.isUpperBound)
        object.member("source", entry.source)
        object.member("connection", entry.connection)
        object.member("remote", entry.remote.map { "\($0)" })
        object.member("user_agent", EscapedText.utf8(entry.userAgent))
        object.member("form", entry.form.rawValue)
        object.member("as", entry.name)
        object.member("hash", "\(entry.hash)")
        output.line(object)
      }
      return
    }
    var table = Table([
      .init("delay", .trailing), .init("time"), .init("source", .trailing), .init("connection", .trailing),
      .init("peer"), .init("by"), .init("as"), .init("user agent"),
    ])
    for entry in found {
      table.add([
        (entry.isUpperBound ? "≤" : "") + Self.milliseconds(entry.time - first), times.text(entry.time),
        "\(entry.source)", "\(entry.connection)", entry.remote.map { "\($0)" } ?? "-", entry.form.rawValue,
        entry.name, EscapedText.utf8(entry.userAgent),
      ])
    }
    table.lines.forEach(output.line)
  }

  /// A duration in ns as milliseconds with three decimals.
  private static func milliseconds(_ duration: UInt64) -> String {
    let fraction = String(duration / 1000 % 1000)
    return "\(duration / 1_000_000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)"
  }
}

/// Collects the announcements of a transaction or block.
struct AnnouncementSearch {
  /// An announcement.
  struct Found {
    /// When it was received, in ns since the Unix epoch.
    let time: UInt64
    /// Whether the time is an upper bound.
    let isUpperBound: Bool
    /// The source that recorded it.
    let source: UInt32
    /// The connection that it came from.
    let connection: UInt32
    /// The announcing peer; nil if it is unknown.
    let remote: Endpoint?
    /// The peer's user agent; empty if it is unknown.
    let userAgent: [UInt8]
    /// The kind of message or entry that announced it.
    let form: Announcement.Form
    /// The kind of hash: `tx`, `wtx` or `block`.
    let name: String
    /// The announced hash.
    let hash: Hash256
  }

  private struct Place: Hashable {
    let source: UInt32
    let connection: UInt32
  }

  /// Other hashes of the same transaction, found in `tx` messages.
  private(set) var others: Set<Hash256> = []

  private let hashes: Set<Hash256>
  private let tellsAll: Bool
  private var names = StreamNames()
  private var found: [Found] = []
  private var seen: [Place: Int] = [:]

  /// Searches for any of the hashes.
  init(_ hashes: Set<Hash256>, tellsAll: Bool) {
    self.hashes = hashes
    self.tellsAll = tellsAll
  }

  /// The announcements in order of time.
  var ordered: [Found] {
    found.indices.sorted { (found[$0].time, $0) < (found[$1].time, $1) }.map { found[$0] }
  }

  /// Follows a record, and searches it if it is shown.
  ///
  /// - Parameter isShown: whether the filter selects the record.
  mutating func note(_ record: StreamRecord, isShown: Bool) {
    let header = record.header
    names.note(record)
    guard isShown, !header.flags.contains(.sent), case .message(let message?) = record.content else { return }
    var match: Announcement?
    Announcement.forEach(in: record) { announcement in
      let other = announcement.otherHash
      if hashes.contains(announcement.hash) || other.map(hashes.contains) == true { match = announcement }
    }
    guard let match else { return }
    for hash in [match.hash, match.otherHash ?? match.hash] where !hashes.contains(hash) {
      others.insert(hash)
    }
    add(match, header, Dialect(magic: message.magic))
  }

  private mutating func add(_ announcement: Announcement, _ header: RecordHeader, _ dialect: Dialect) {
    let place = Place(source: header.source, connection: header.connection)
    let open = names.table.connections(of: header.source)[header.connection]
    let entry = Found(
      time: header.time,
      isUpperBound: header.flags.contains(.upperBound),
      source: header.source,
      connection: header.connection,
      remote: open?.remote,
      userAgent: open?.userAgent ?? [],
      form: announcement.form,
      name: announcement.name(in: dialect),
      hash: announcement.hash
    )
    // The order of overlapping files need not be the order of time.
    if !tellsAll, let index = seen[place] {
      if entry.time < found[index].time { found[index] = entry }
      return
    }
    seen[place] = found.count
    found.append(entry)
  }
}
