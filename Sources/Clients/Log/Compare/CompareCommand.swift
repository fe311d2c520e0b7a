import ArgumentParser
import BitcoinWire
import Bytes
import Commands
import JSON
import LogFiles
import LogText

/// `netmine log compare`: compares an archive with the logs of its connections' other ends.
struct CompareCommand: LogToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compare an archive with the logs of its connections' other ends.",
    discussion: """
      The logs of the other ends (the truth) are in a log format too, as simnet --truth-messages writes \
      them. Each message of each direction of each connection is compared byte for byte, in order. Memory \
      does not grow with the files. If the truth has only the headers of messages, these are compared, \
      including the checksum of the payload.

      A message to the observer that was sent right before its connection ended, and was not received, \
      counts as in flight. So does every message that a node had not read when its connection ended. Delays \
      run from the moment when the sender passed the message to its kernel to the time in the receiver's \
      record.

      Exit status 1 if there is any other difference.
      """
  )

  @Option(
    name: .customLong("truth"),
    help: ArgumentHelp("Log of the other ends. May be repeated.", valueName: "path"),
    completion: .file()
  )
  var truth: [String]

  @Option(help: ArgumentHelp("Report at most N differences, and count the rest.", valueName: "n"))
  var limit = 20

  @Option(
    help: ArgumentHelp(
      "Count a missing message as lost if it was sent more than this long before its connection ended.",
      valueName: "seconds"
    )
  )
  var grace = 5.0

  @Flag(help: "Print JSON: one object per difference, then one summary object.")
  var json = false

  @OptionGroup var input: LogFileOptions

  var isJSON: Bool { json }

  func validate() throws {
    guard limit >= 0 else { throw ValidationError("--limit must be 0 or more.") }
    guard (0...1e6).contains(grace) else { throw ValidationError("--grace must be 0 to 1000000.") }
    guard !truth.isEmpty else { throw ValidationError("Name at least one file with --truth.") }
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    let output = environment.output
    var told = 0
    var comparison = ArchiveComparison(grace: UInt64(grace * 1e9)) { finding in
      told += 1
      if told <= limit { tell(finding, output) }
    }
    let reading = LogReading(input, output)
    let truths = truth.compactMap { reading.open($0) }
    guard truths.count == truth.count else { return .someFailed }
    do throws(IOError) {
      let merger = try LogMerger(truths) { reading.note($0) }
      var next = try merger.next()
      var failure: IOError?
      try? reading.forEach { record, _, _ in
        do throws(IOError) {
          while let said = next, said.header.time <= record.header.time {
            comparison.addTruth(said.header, said.body)
            next = try merger.next()
          }
        } catch {
          failure = error
          return false
        }
        comparison.addArchive(record.header, record.body)
        return true
      }
      if let failure { throw failure }
      while let said = next {
        comparison.addTruth(said.header, said.body)
        next = try merger.next()
      }
    } catch {
      reading.note(error, truth[0])
    }
    comparison.finish()
    sumUp(comparison, told, output)
    return told > 0 || comparison.truthOnly.messages > 0 ? .someFailed : reading.status
  }

  private func tell(_ finding: ArchiveComparison.Finding, _ output: Output) {
    let (difference, sender) = (finding.difference, finding.isToObserver ? "node" : "observer")
    guard json else {
      let way = finding.isToObserver ? "→" : "←"
      output.line(
        """
        \(finding.node) \(way) \(finding.observer): message \(difference.number) is \(difference.kind.rawValue) \
        (\(Quantity.time(difference.time)))
        """
      )
      return
    }
    var object = JSONWriter()
    object.member("finding", difference.kind.rawValue)
    object.member("node", "\(finding.node)")
    object.member("observer", "\(finding.observer)")
    object.member("from", sender)
    object.member("message", difference.number)
    object.member("time", difference.time)
    output.line(object)
  }

  private func sumUp(_ comparison: ArchiveComparison, _ told: Int, _ output: Output) {
    let ways = [("node", comparison.toObserver), ("observer", comparison.toNodes)]
    guard json else {
      if told > limit { output.line("… and \(told - limit) more differences") }
      output.line(
        """
        connections: \(comparison.pairedCount) in both, \(comparison.truthOnly.connections) only in the truth with \
        \(comparison.truthOnly.messages) messages, \(comparison.archiveOnly.connections) only in the archive with \
        \(comparison.archiveOnly.messages)
        """
      )
      for (sender, sums) in ways {
        let receiver = sender == "node" ? "observer" : "node"
        output.line(
          """
          \(sender) to \(receiver): \(sums.truthCount) in the truth, \(sums.archiveCount) in the archive, \
          \(sums.sameCount) the same, \(sums.differences[.missing] ?? 0) missing, \
          \(sums.differences[.extra] ?? 0) extra, \(sums.differences[.different] ?? 0) different, \
          \(sums.underwayCount) not read when a connection ended
          """
        )
        output.line("  delay, exact times: \(sums.exactErrors.text)")
        if sums.boundErrors.count > 0 {
          output.line("  delay, upper bounds: \(sums.boundErrors.text)")
        }
      }
      return
    }
    var object = JSONWriter()
    object.member("connections", comparison.pairedCount)
    object.member("truth_only_connections", comparison.truthOnly.connections)
    object.member("truth_only_messages", comparison.truthOnly.messages)
    object.member("archive_only_connections", comparison.archiveOnly.connections)
    object.member("archive_only_messages", comparison.archiveOnly.messages)
    object.member("most_waiting", comparison.mostWaiting)
    object.objects("directions", ways) { json, entry in
      let (sender, sums) = entry
      json.member("from", sender)
      json.member("truth", sums.truthCount)
      json.member("archive", sums.archiveCount)
      json.member("same", sums.sameCount)
      json.member("missing", sums.differences[.missing] ?? 0)
      json.member("extra", sums.differences[.extra] ?? 0)
      json.member("different", sums.differences[.different] ?? 0)
      json.member("under_way", sums.underwayCount)
      json.member("longest_under_way", sums.longestUnderway)
      json.object("exact_ns") { sums.exactErrors.write(to: &$0) }
      json.object("bound_ns") { sums.boundErrors.write(to: &$0) }
    }
    output.line(object)
  }
}
