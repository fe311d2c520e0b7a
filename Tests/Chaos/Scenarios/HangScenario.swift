import ArgumentParser
import EventLoop
import Glibc

/// `chaos hang`: a disk that hangs holds up at most what the bounds say, and what is missing afterwards is said.
struct HangScenario: Scenario {
  static let name = "hang"
  static let configuration = CommandConfiguration(
    commandName: name,
    abstract: "Let verbatim hang twice: for less than sources wait for it, and for longer.",
    discussion: """
      verbatim is stopped, as if its disk hung. The first time sources that heed a request to slow down have to keep \
      everything. The second time, after --patience-of-sources seconds without an acknowledgement, records give way to \
      new ones: what is missing has to be in gap records exactly. A reader beside it goes on getting records.
      """
  )

  @OptionGroup var options: ScenarioOptions

  @Option(help: "Seconds without an acknowledgement after which sources let records give way.")
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
    outcome.promise(dropped == 0, "\(dropped) records were dropped though sources were slowed down")

    let readBefore = reader.received
    let before = site.runs.map(\.ledger.published)
    verbatim.signal(SIGSTOP)
    // More than all bounds hold, twice.
    try site.wait(for: "records to give way", verbatim, timeout: 120) {
      zip(site.runs, before).allSatisfy { $0.ledger.published > $1 + 40_000 }
    }
    outcome.promise(
      reader.received > readBefore + 40_000,
      "a reader beside the archive got nothing meanwhile"
    )
    verbatim.signal(SIGCONT)
    try site.awaitArchived()
    progress("\(Self.name): ending what runs, and reading the archive")
    for name in ["load 1", "load 2", "reader", "verbatim", "logserver"] { try site.stop(name) }
    outcome.deed = "verbatim stopped within the bounds, then until records gave way"
    let account = try ArchiveAccount(folder: site.archive)
    outcome.settle(site.runs, account, gapsAllowed: true)
    let gapped = site.runs.reduce(0) { $0 + (account.instances[$1.instance]?.gappedCount ?? 0) }
    outcome.promise(gapped > 0, "records gave way, and no gap record says so")
    return outcome
  }
}
