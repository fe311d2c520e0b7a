import ArgumentParser
import EventLoop
import Glibc

/// `chaos hang`: a hanging disk delays sources only within the limits, and the loss beyond them is recorded.
struct HangScenario: Scenario {
  static let name = "hang"
  static let configuration = CommandConfiguration(
    commandName: name,
    abstract: "Let verbatim hang twice: for a shorter time than sources wait for it, and for longer.",
    discussion: """
      verbatim is stopped, as if its disk hung. The first time, sources that obey requests to slow down must \
      keep everything. The second time, after --patience-of-sources seconds without an acknowledgement, new \
      records replace old ones: the missing records must be in gap records exactly. Another reader must keep \
      getting records.
      """
  )

  @OptionGroup var options: ScenarioOptions

  @Option(help: "Seconds without an acknowledgement after which sources drop records.")
  var patienceOfSources = 5.0

  func perform(at site: Site, _ random: inout SeededGenerator) throws -> Outcome {
    var outcome = Outcome()
    site.settings["logserver"] = ["--set", "logger.max_buffer=\(16 << 20)"]
    try site.startLogServer()
    try site.start("verbatim")
    let reader = try site.startReader("reader")
    for name in ["load 1", "load 2"] {
      try site.startSource(
        name,
        rate: 5_000,
        isLarge: true,
        limit: 32,
        options: ["--polite", "--patience", "\(patienceOfSources)"],
        &random
      )
    }
    try site.wait(for: "records", site.programs["verbatim"]!) {
      site.runs.allSatisfy { $0.ledger.acknowledged > 0 }
    }
    let verbatim = site.programs["verbatim"]!
    verbatim.signal(SIGSTOP)
    try site.wait(for: "all sources to be slowed down", verbatim) {
      site.runs.allSatisfy { $0.ledger.slowdowns > 0 }
    }
    try pause(Double.random(in: 0...patienceOfSources / 2, using: &random))
    verbatim.signal(SIGCONT)
    try site.awaitArchived()
    let dropped = site.runs.reduce(0) { $0 + $1.ledger.dropped }
    outcome.promise(dropped == 0, "\(dropped) records were dropped, though sources were slowed down")

    let readBefore = reader.received
    let before = site.runs.map(\.ledger.published)
    verbatim.signal(SIGSTOP)
    // Twice as many records as all limits hold.
    try site.wait(for: "records to be dropped", verbatim, timeout: 120) {
      zip(site.runs, before).allSatisfy { $0.ledger.published > $1 + 40_000 }
    }
    outcome.promise(
      reader.received > readBefore + 40_000,
      "another reader got no records in the meantime"
    )
    verbatim.signal(SIGCONT)
    try site.awaitArchived()
    progress("\(Self.name): ending the programs, and reading the archive")
    for name in ["load 1", "load 2", "reader", "verbatim", "logserver"] { try site.stop(name) }
    outcome.deed = "verbatim stopped within the limits, then until records were dropped"
    let account = try ArchiveAccount(folder: site.archive)
    outcome.settle(site.runs, account, gapsAllowed: true)
    let gapped = site.runs.reduce(0) { $0 + (account.instances[$1.instance]?.gappedCount ?? 0) }
    outcome.promise(gapped > 0, "records were dropped, but no gap record says so")
    return outcome
  }
}
