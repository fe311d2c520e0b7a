import ArgumentParser
import EventLoop
import Foundation
import Glibc

/// `chaos stop`: a stopped reader delays no other client, uses no more memory than its limit, and gets an
/// exact count of the records that it missed.
struct StopScenario: Scenario {
  static let name = "stop"
  static let configuration = CommandConfiguration(
    commandName: name,
    abstract: "Stop a reader with SIGSTOP for a minute, beside another reader and verbatim.",
    discussion: """
      The other reader measures the time from each record's stamp until it is read, before and during. The \
      99th percentile may grow by --patience at most. The log server's memory may grow by the reader's \
      limit. Then the stopped reader continues: the records it reads and those that gap records count as \
      missed must add up to all published records.
      """
  )

  @OptionGroup var options: ScenarioOptions

  @Option(help: "Seconds for which the reader is stopped.")
  var seconds = 60.0

  @Option(help: "MiB that may wait for a reader (logger.max_buffer).")
  var bound = 128

  func perform(at site: Site, _ random: inout SeededGenerator) throws -> Outcome {
    let bound = UInt64(bound) << 20
    site.settings["logserver"] = ["--set", "logger.max_buffer=\(bound)"]
    let server = ProcessView(id: try site.startLogServer().id)
    try site.start("verbatim")
    let watching = try site.startReader("reader")
    let stopped = try site.startReader("stopped")
    for name in ["load 1", "load 2"] { try site.startSource(name, rate: options.rate, &random) }
    try site.wait(for: "records", site.programs["verbatim"]!) {
      site.runs.allSatisfy { $0.ledger.acknowledged > 0 }
    }
    try pause(1)
    watching.phase = 1
    try pause(min(10, seconds))
    let before = server.memory("VmRSS")
    site.programs["stopped"]!.signal(SIGSTOP)
    watching.phase = 2
    let end = Clock.monotonic() + UInt64(seconds * 1e9)
    var peak: UInt64 = 0
    while Clock.monotonic() < end {
      peak = max(peak, server.memory("VmRSS"))
      try pause(0.1)
    }
    watching.phase = 3
    let missedBefore = try site.status().missedRecords
    site.programs["stopped"]!.signal(SIGCONT)
    try pause(1)
    progress("\(Self.name): ending the programs, and reading the archive")
    for name in ["load 1", "load 2"] { try site.stop(name) }
    let total = site.runs.reduce(0) { $0 + $1.ledger.lastSequence }
    try site.wait(for: "the readers to read all", site.programs["logserver"]!) {
      watching.received >= total && stopped.received + stopped.missed >= total
    }
    for name in ["reader", "stopped", "verbatim", "logserver"] { try site.stop(name) }

    var outcome = Outcome()
    outcome.deed = "a reader stopped for \(Int(seconds)) s"
    outcome.settle(site.runs, try ArchiveAccount(folder: site.archive))
    let (quiet, busy) = (watching.delay(0.99, in: 1), watching.delay(0.99, in: 2))
    outcome.measure(
      "p99_before_ms",
      Double(quiet) / 1e6,
      "p99 of the other reader's delays in ms before"
    )
    outcome.measure("p99_during_ms", Double(busy) / 1e6, "during")
    outcome.measure("longest_before_ms", Double(watching.longest(in: 1)) / 1e6, "longest before")
    outcome.measure("longest_during_ms", Double(watching.longest(in: 2)) / 1e6, "during")
    outcome.measure("memory_before_mb", Double(before) / 1e6, "log server's MB before")
    outcome.measure("memory_peak_mb", Double(peak) / 1e6, "at most")
    outcome.count("missed", stopped.missed, "records that the stopped reader missed by its gap records")
    outcome.promise(
      busy <= quiet + UInt64(options.patience) * 1_000_000,
      "the other reader was delayed: \(quiet) ns before, \(busy) ns during"
    )
    outcome.promise(
      peak <= before + bound,
      "the log server used \(peak) bytes; \(before) before, limit \(bound)"
    )
    outcome.promise(missedBefore > 0, "the limit was not reached: use more --seconds or a smaller --bound")
    for (name, notes) in [("other", watching), ("stopped", stopped)] {
      outcome.promise(
        notes.received + notes.missed == total && notes.disordered == 0 && notes.unexplained == 0
          && notes.wrong == 0 && notes.losses == 0,
        "the \(name) reader got \(notes.received) of \(total) records, and gap records for \(notes.missed); "
          + "\(notes.disordered) twice, \(notes.unexplained) missing without a gap record, \(notes.wrong) wrong"
      )
    }
    outcome.promise(watching.missed == 0, "the other reader missed \(watching.missed) records")
    return outcome
  }
}
