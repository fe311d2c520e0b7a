import ArgumentParser
import BitcoinWire
import Commands
import JSON
import LogFiles

/// `netmine log check`: reports the errors in archives, with file, offset and record.
struct CheckCommand: LogToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Report the errors in log files, with file, offset and record.",
    discussion: """
      Checks framing, sequence numbers, times within each direction of each connection, checksums, lengths, \
      and that every connection was opened. Files are read in order of time, as one archive.

      Each finding is one line with file, byte offset and record number. Findings about missing sequence \
      numbers come last. Exit status 1 if there is a finding. A message that is flagged with a wrong \
      checksum is not a finding: its sender made the error, and the archive is right.

      `netmine verify` accounts for the same archives by source and command, and counts the same sequence \
      numbers as lost.
      """
  )

  @Flag(help: "The files hold a selection of records: missing sequence numbers are not findings.")
  var partial = false

  @Option(help: ArgumentHelp("Report at most N findings of each kind, and count the rest.", valueName: "n"))
  var limit = 100

  @Flag(help: "Print JSON: one object per finding, then one summary object.")
  var json = false

  @OptionGroup var input: LogFileOptions

  var isJSON: Bool { json }

  func validate() throws {
    guard limit >= 0 else { throw ValidationError("--limit must be 0 or more.") }
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    var counts: [LogFinding.Kind: UInt64] = [:]
    var check = LogCheck(isPartial: partial) { finding in
      counts[finding.kind, default: 0] += 1
      if counts[finding.kind]! <= UInt64(limit) { show(finding, environment.output) }
    }
    let reading = LogReading(input, environment.output)
    reading.complains = false
    try reading.forEachPiece { piece, file throws(ClientFailure) in
      switch piece {
      case .damage(let damage): check.note(damage)
      case .record(let record): check.note(record, in: file)
      }
      return true
    }
    check.finish()
    printSummary(check, counts, environment.output)
    return counts.isEmpty ? reading.status : .someFailed
  }

  private func show(_ finding: LogFinding, _ output: Output) {
    guard json else {
      let path = EscapedText.utf8(finding.path.utf8)
      let place = finding.connection == 0 ? "" : " #\(finding.connection)"
      let source = finding.source == 0 ? "" : " source \(finding.source)\(place)"
      output.line(
        "\(path): byte \(finding.offset), record \(finding.record):\(source) \(finding.kind.rawValue): \(finding.text)"
      )
      return
    }
    var object = JSONWriter()
    object.member("finding", finding.kind.rawValue)
    object.member("file", finding.path)
    object.member("offset", finding.offset)
    object.member("record", finding.record)
    object.member("source", finding.source)
    object.member("connection", finding.connection)
    if let missing = finding.missing {
      object.member("first", missing.sequences.lowerBound)
      object.member("last", missing.sequences.upperBound)
      object.member("cause", missing.cause.word)
    }
    object.member("text", finding.text)
    output.line(object)
  }

  private func printSummary(_ check: LogCheck, _ counts: [LogFinding.Kind: UInt64], _ output: Output) {
    let found = LogFinding.Kind.allCases.compactMap { kind in counts[kind].map { (kind.rawValue, $0) } }
    guard json else {
      let words = found.map { "\($0.1) \($0.0)" }.joined(separator: ", ")
      output.line("records: \(check.recordCount)")
      output.line("messages flagged with a wrong checksum: \(check.markedChecksumCount)")
      output.line("findings: \(words.isEmpty ? "none" : words)")
      return
    }
    var object = JSONWriter()
    object.member("records", check.recordCount)
    object.member("marked_checksums", check.markedChecksumCount)
    object.objects("findings", found) { json, entry in
      json.member("finding", entry.0)
      json.member("count", entry.1)
    }
    output.line(object)
  }
}
