import ArgumentParser
import BitcoinWire
import Commands
import JSON
import LogConsumer
import LogOptions
import LogProtocol
import LogText

/// `netmine log stats`: counts the records of log files.
struct StatsCommand: LogToolCommand {
  /// The key of a table.
  enum Grouping: String, CaseIterable, ExpressibleByArgument {
    case type, command, source, connection
  }

  static let configuration = CommandConfiguration(
    commandName: "stats",
    abstract: "Count records by type, command, source and connection, with bytes and rates.",
    discussion: "The rates of a row cover the time from its first to its last record."
  )

  @Option(name: .customLong("by"), help: "Print only this table. May be repeated. (default: all)")
  var groupings: [Grouping] = []

  @Option(
    help: ArgumentHelp("Rows per table at most, those with the most bytes; 0 for all.", valueName: "n")
  )
  var top = 20

  @Flag(help: "Print JSON, one object.")
  var json = false

  @OptionGroup(title: "Which records") var records: RecordFilterOptions
  @OptionGroup var input: LogFileOptions

  var isJSON: Bool { json }

  func validate() throws {
    guard top >= 0 else { throw ValidationError("--top must be 0 or more.") }
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    var statistics = LogStatistics()
    let reading = LogReading(input, environment.output, for: records.filter)
    try reading.forEach { record, _, isWanted in
      if isWanted { statistics.note(record) }
      return true
    }
    let sections = sections(statistics)
    if json {
      printJSON(statistics.total, sections, environment.output)
    } else {
      printTables(statistics.total, sections, environment.output)
    }
    return reading.status
  }

  private typealias Row = (name: String, sums: LogStatistics.Sums, peer: LogStatistics.Peer?)

  private func sections(_ statistics: LogStatistics) -> [(grouping: Grouping, rows: [Row])] {
    (groupings.isEmpty ? Grouping.allCases : groupings).map { grouping in
      let rows: [Row] =
        switch grouping {
        case .type: statistics.types.sums.map { ($0.key.name, $0.value, nil) }
        case .command: statistics.commands.sums.map { ($0.key.map { "\($0)" } ?? "(other)", $0.value, nil) }
        case .source:
          statistics.sources.sums.map { source, sums in
            let kind = source == 0 ? "logserver" : statistics.kinds[source] ?? ""
            return (kind.isEmpty ? "\(source)" : "\(EscapedText.utf8(kind.utf8))-\(source)", sums, nil)
          }
        case .connection:
          statistics.connections.map { connection, sums in
            ("\(connection.source)#\(connection.id)", sums, statistics.peers[connection] ?? .init())
          }
        }
      let sorted = rows.sorted { ($1.sums.bytes, $0.name) < ($0.sums.bytes, $1.name) }
      return (grouping, top == 0 ? sorted : Array(sorted.prefix(top)))
    }
  }

  private func printTables(
    _ total: LogStatistics.Sums,
    _ sections: [(grouping: Grouping, rows: [Row])],
    _ output: Output
  ) {
    for (grouping, rows) in sections where !rows.isEmpty {
      var columns = [
        Table.Column(grouping.rawValue), .init("records", .trailing), .init("bytes", .trailing),
        .init("received", .trailing), .init("sent", .trailing), .init("records/s", .trailing),
        .init("bytes/s", .trailing),
      ]
      if grouping == .connection { columns += [.init("peer"), .init("user agent")] }
      var table = Table(columns)
      for row in rows {
        let sums = row.sums
        var cells = [
          row.name, "\(sums.records)", "\(sums.bytes)", "\(sums.received)", "\(sums.sent)",
          sums.rate(sums.records).map(Figures.short) ?? "-", sums.rate(sums.bytes).map(Figures.bytes) ?? "-",
        ]
        if let peer = row.peer {
          cells += [peer.remote.map { "\($0)" } ?? "-", EscapedText.utf8(peer.userAgent)]
        }
        table.add(cells)
      }
      table.lines.forEach(output.line)
      output.line("")
    }
    let rate = total.rate(total.records).map {
      " in \(Figures.short(total.seconds)) s, \(Figures.short($0))/s"
    }
    let bytes = total.rate(total.bytes).map { ", \(Figures.bytes($0))/s" } ?? ""
    output.line("\(total.records) records, \(total.bytes) bytes\(rate ?? "")\(bytes)")
    guard total.records > 0 else { return }
    var times = TimeText()
    output.line("from \(times.text(total.first)) to \(times.text(total.last))")
  }

  private func printJSON(
    _ total: LogStatistics.Sums,
    _ sections: [(grouping: Grouping, rows: [Row])],
    _ output: Output
  ) {
    var json = JSONWriter()
    json.object("total") { total.write(to: &$0) }
    for (grouping, rows) in sections {
      let name: StaticString =
        switch grouping {
        case .type: "types"
        case .command: "commands"
        case .source: "sources"
        case .connection: "connections"
        }
      json.objects(name, rows) { json, row in
        json.member("name", row.name)
        row.sums.write(to: &json)
        guard let peer = row.peer else { return }
        json.member("peer", peer.remote.map { "\($0)" })
        json.member("user_agent", EscapedText.utf8(peer.userAgent))
      }
    }
    output.line(json)
  }
}

extension LogStatistics.Sums {
  /// Writes the totals as members of an object.
  func write(to json: inout JSONWriter) {
    json.member("records", records)
    json.member("bytes", bytes)
    json.member("received", received)
    json.member("received_bytes", receivedBytes)
    json.member("sent", sent)
    json.member("sent_bytes", sentBytes)
    json.member("first_time_ns", records > 0 ? first : nil)
    json.member("last_time_ns", records > 0 ? last : nil)
    json.member("records_per_second", rate(records))
    json.member("bytes_per_second", rate(bytes))
  }
}
