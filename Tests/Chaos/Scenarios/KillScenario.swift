import ArgumentParser
import EventLoop
import Foundation

/// `chaos kill`: kills every process at random under load, again and again.
struct KillScenario: Scenario {
  static let name = "kill"
  static let configuration = CommandConfiguration(
    commandName: name,
    abstract: "Kill each process at random under load with SIGKILL, and start it again.",
    discussion: """
      The programs are three load sources, one of which may keep only 1 MiB, a connector on a simulated \
      network, the log server, verbatim and a reader. About every half second one of them is killed, and \
      started again within a second, so that often several are away at once. At the end all remaining \
      programs are stopped in order, and the archive is read.

      Every record that a source published must be in the archive exactly once, or be counted in a gap \
      record if the source's limit was exceeded. Every acknowledged record must be there. Records lost with \
      a killed source come after all its archived ones, and a record must say that the source left without \
      goodbye.
      """
  )

  @OptionGroup var options: ScenarioOptions

  @Option(help: "Number of kills.")
  var kills = 100

  @Option(help: "Seconds from one kill to the next, on average.")
  var interval = 0.5

  func perform(at site: Site, _ random: inout SeededGenerator) throws -> Outcome {
    // Short enough for a test, but longer than any program is away.
    site.settings["logserver"] = ["--set", "logger.archive_grace=10.0"]
    site.settings["connector"] = ["--network", "simnet"]
    let victims = [
      "logserver", "verbatim", "load 1", "load 2", "load tight", "connector", "simnet", "reader",
    ]
    var counts: [String: UInt64] = [:]
    var due: [String: UInt64] = [:]
    try start(victims, at: site, &random)
    try site.connect()
    let begin = Clock.monotonic()
    for kill in 1...max(1, kills) {
      let next = Clock.monotonic() + UInt64(Double.random(in: 0.2...1.8, using: &random) * interval * 1e9)
      while Clock.monotonic() < next { try restart(&due, at: site, &random) }
      guard let victim = victims.filter({ due[$0] == nil }).randomElement(using: &random) else { continue }
      try site.kill(victim)
      counts[victim, default: 0] += 1
      let away = Bool.random(using: &random) ? 0 : Double.random(in: 0...2, using: &random) * interval
      due[victim] = Clock.monotonic() + UInt64(away * 1e9)
      if kill % 10 == 0 { progress("\(Self.name): \(kill) of \(kills)") }
    }
    while !due.isEmpty { try restart(&due, at: site, &random) }
    try awaitDepartures(at: site)
    let seconds = Double(Clock.monotonic() - begin) * 1e-9
    progress("\(Self.name): ending the programs, and reading the archive")
    for name in victims.filter({ $0.hasPrefix("load") }) + ["connector", "verbatim", "logserver"] {
      try site.stop(name)
    }
    var outcome = Outcome()
    let each = victims.compactMap { name in counts[name].map { "\(name) \($0)" } }.joined(separator: ", ")
    outcome.deed = "\(kills) kills (\(each)) in \(Int(seconds)) s"
    outcome.settle(site.runs, try ArchiveAccount(folder: site.archive))
    return outcome
  }

  /// Waits until the archive has a record about the end of each killed source. That can take 10 seconds,
  /// because a new log server waits that long for unknown sources.
  private func awaitDepartures(at site: Site) throws {
    let end = Clock.monotonic() + 11_000_000_000
    let handedOver = site.runs.reduce(0) { $0 + $1.ledger.bytes }
    while Clock.monotonic() < end {
      try pause(1)
      // Reading a large archive takes as long as this wait.
      guard handedOver < 64 << 20 else { continue }
      let account = try ArchiveAccount(folder: site.archive)
      let killed = site.runs.filter { $0.wasKilled && $0.ledger.source != 0 }.map(\.instance)
      let connectors = account.instances.values.count { $0.kind == "connector" && $0.left.isEmpty }
      if connectors <= 1, killed.allSatisfy({ account.instances[$0]?.left.isEmpty == false }) { return }
    }
  }

  private func start(_ names: [String], at site: Site, _ random: inout SeededGenerator) throws {
    for name in names { try start(name, at: site, &random) }
    try site.wait(for: "records in the archive", site.programs["verbatim"]!) {
      site.runs.allSatisfy { $0.ledger.acknowledged > 0 }
    }
  }

  private func start(_ name: String, at site: Site, _ random: inout SeededGenerator) throws {
    switch name {
    case "reader": try site.start(name, "console", ["--root", site.root, "--type", "error"])
    case "simnet": try site.startSimnet()
    case _ where name.hasPrefix("load"):
      try site.startSource(name, rate: options.rate, isTight: name == "load tight", &random)
    default: try site.start(name)
    }
  }

  /// Starts the programs that are due. If the connector or its peers are new, makes it connect.
  private func restart(
    _ due: inout [String: UInt64],
    at site: Site,
    _ random: inout SeededGenerator
  ) throws {
    let now = Clock.monotonic()
    for name in due.keys.sorted() where due[name]! <= now {
      due[name] = nil
      try start(name, at: site, &random)
      if name == "connector" || name == "simnet" { try site.connect() }
    }
    try pause(0.005)
  }
}
