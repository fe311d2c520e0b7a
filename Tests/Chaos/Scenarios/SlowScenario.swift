import ArgumentParser
import EventLoop
import Glibc

/// `chaos slow`: an archive on a slow disk slows sources down, and loses nothing.
struct SlowScenario: Scenario {
  static let name = "slow"
  static let configuration = CommandConfiguration(
    commandName: name,
    abstract: "Let verbatim run for only a tenth of the time, under more records than it can write.",
    discussion: """
      verbatim is stopped and continued at random, as if its disk were slow. Sources that obey requests to \
      slow down publish 60 MB/s, and another source publishes a little. Everything must be in the archive, \
      without a gap record.
      """
  )

  @OptionGroup var options: ScenarioOptions

  @Option(help: "Seconds for which the disk is slow.")
  var seconds = 20.0

  @Option(help: "Share of the time for which verbatim is stopped.")
  var share = 0.9

  func perform(at site: Site, _ random: inout SeededGenerator) throws -> Outcome {
    site.settings["logserver"] = ["--set", "logger.max_buffer=\(32 << 20)"]
    try site.startLogServer()
    try site.start("verbatim")
    for name in ["load 1", "load 2", "load 3"] {
      try site.startSource(name, rate: 5_000, isLarge: true, limit: 64, options: ["--polite"], &random)
    }
    try site.startSource("load little", rate: 120, limit: 64, options: ["--polite"], &random)
    let verbatim = site.programs["verbatim"]!
    let end = Clock.monotonic() + UInt64(seconds * 1e9)
    while Clock.monotonic() < end {
      let period = Double.random(in: 0.05...1.5, using: &random)
      verbatim.signal(SIGSTOP)
      try pause(period * share)
      verbatim.signal(SIGCONT)
      try pause(period * (1 - share))
    }
    try site.awaitArchived()
    progress("\(Self.name): ending the programs, and reading the archive")
    try site.stopAll()
    var outcome = Outcome()
    outcome.deed = "verbatim stopped for \(Int(share * 100)) % of \(Int(seconds)) s"
    outcome.settle(site.runs, try ArchiveAccount(folder: site.archive))
    let slowdowns = site.runs.reduce(0) { $0 + $1.ledger.slowdowns }
    outcome.count("slowdowns", slowdowns, "requests to slow down")
    return outcome
  }
}
