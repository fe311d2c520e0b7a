import ArgumentParser
import EventLoop
import Glibc

/// `chaos restart`: a log server that is restarted all the time, under heavy traffic.
struct RestartScenario: Scenario {
  static let name = "restart"
  static let configuration = CommandConfiguration(
    commandName: name,
    abstract: "Stop and start the log server all the time, under 50,000 records per second.",
    discussion: """
      Each time it is away for less than a second and up for less than two. Five sources keep publishing. \
      Everything must be in the archive once, without a gap record.
      """
  )

  @OptionGroup var options: ScenarioOptions

  @Option(help: "Seconds of the run.")
  var seconds = 60.0

  func perform(at site: Site, _ random: inout SeededGenerator) throws -> Outcome {
    try site.startLogServer()
    try site.start("verbatim")
    for number in 1...5 { try site.startSource("load \(number)", rate: options.rate, &random) }
    var tally = (killed: 0, ended: 0)
    let end = Clock.monotonic() + UInt64(seconds * 1e9)
    while Clock.monotonic() < end {
      try pause(Double.random(in: 0...2, using: &random))
      if Bool.random(using: &random) {
        tally.killed += 1
        try site.kill("logserver")
      } else {
        tally.ended += 1
        try site.stop("logserver")
      }
      try pause(Double.random(in: 0...1, using: &random))
      try site.startLogServer()
    }
    try site.awaitArchived()
    progress("\(Self.name): ending the programs, and reading the archive")
    try site.stopAll()
    var outcome = Outcome()
    outcome.deed = "log server killed \(tally.killed) and ended \(tally.ended) times in \(Int(seconds)) s"
    outcome.settle(site.runs, try ArchiveAccount(folder: site.archive))
    return outcome
  }
}
