import ArgumentParser
import EventLoop
import Foundation
import Glibc

/// `chaos disk`: a full disk loses nothing within the limits, and the loss beyond them is recorded exactly.
struct DiskScenario: Scenario {
  static let name = "disk"
  static let configuration = CommandConfiguration(
    commandName: name,
    abstract: "Fill the archive's disk twice: within the limits, and beyond.",
    discussion: """
      The archive is on a file system in memory. That needs permission for mount(8), which tools/chaos gets \
      if possible. The disk fills up, stays full for a while, and then grows. After the first time, \
      everything must be in the archive. The second time, a source that does not slow down publishes more \
      than it may keep: the missing records must be in gap records exactly, and none may be missing before \
      24 MiB are waiting.
      """
  )

  @OptionGroup var options: ScenarioOptions

  @Option(help: "Seconds for which the disk is full within the limits.")
  var seconds = 8.0

  private static let complaint = "No space left on device"

  func perform(at site: Site, _ random: inout SeededGenerator) throws -> Outcome {
    var outcome = Outcome()
    outcome.skipped = try site.mount(megabytes: 6)
    guard outcome.skipped == nil else { return outcome }
    site.settings["logserver"] = ["--set", "logger.max_buffer=\(64 << 20)"]
    try site.startLogServer()
    try site.start("verbatim")
    try site.startSource("load 1", rate: options.rate, &random)

    try awaitFullDisk(site)
    try pause(seconds)
    try site.resize(megabytes: 256)
    try site.awaitArchived()
    try site.stop("verbatim")
    let within = try ArchiveAccount(folder: site.archive)
    let first = within.instances[site.runs[0].instance]
    outcome.promise(
      first?.gappedCount == 0 && first?.unexplained == 0 && first?.duplicates == 0 && within.damages.isEmpty,
      "within the limits: \(first.map { "\($0)" } ?? "nothing is archived"), \(within.damages)"
    )

    try site.start("verbatim")
    try site.awaitArchived()
    try site.resize(megabytes: site.usedMegabytes() + 2)
    try awaitFullDisk(site)
    let before = site.runs.reduce(0) { $0 + $1.ledger.bytes }
    let second = try site.startSource("load 2", rate: 5_000, isLarge: true, limit: 32, &random)
    try site.wait(for: "the limits to be exceeded", site.programs["logserver"]!) { second.ledger.dropped > 0 }
    let waiting = site.runs.reduce(0) { $0 + $1.ledger.bytes } - before
    // Three quarters of the source's own 32 MiB: every unacknowledged record counts towards them, wherever it
    // waits.
    outcome.promise(waiting >= 24 << 20, "records were dropped when only \(waiting) bytes were waiting")
    try pause(1)
    try site.resize(megabytes: 1024)
    try site.awaitArchived()
    progress("\(Self.name): ending the programs, and reading the archive")
    for name in ["load 1", "load 2", "verbatim", "logserver"] { try site.stop(name) }
    outcome.deed = "a disk full for \(Int(seconds)) s, then until \(waiting / 1_000_000) MB were waiting"
    let account = try ArchiveAccount(folder: site.archive)
    outcome.settle(site.runs, account, gapsAllowed: true)
    outcome.count("within", first?.archived ?? 0, "archived within the limits")
    let gapped = site.runs.reduce(0) { $0 + (account.instances[$1.instance]?.gappedCount ?? 0) }
    outcome.promise(gapped > 0, "the limits were exceeded, but no gap record says so")
    return outcome
  }

  private func awaitFullDisk(_ site: Site) throws {
    let verbatim = site.programs["verbatim"]!
    try site.wait(for: "the disk to be full", verbatim) { verbatim.errors.contains(Self.complaint) }
  }
}
