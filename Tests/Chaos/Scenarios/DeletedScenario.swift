import ArgumentParser
import EventLoop
import Foundation
import Glibc

/// `chaos deleted`: the archive is deleted, truncated, or copied and truncated while it is being written.
struct DeletedScenario: Scenario {
  static let name = "deleted"
  static let configuration = CommandConfiguration(
    commandName: name,
    abstract: "Delete, truncate and copytruncate the archive while it is being written, at random.",
    discussion: """
      Records in a deleted file are lost, unless the sources still have them and send them again. Every \
      published record must be in the remaining files or in gap records.
      """
  )

  @OptionGroup var options: ScenarioOptions

  @Option(help: "Number of deletions and truncations.")
  var deeds = 30

  func perform(at site: Site, _ random: inout SeededGenerator) throws -> Outcome {
    try site.startLogServer()
    try site.start("verbatim")
    for name in ["load 1", "load 2"] { try site.startSource(name, rate: options.rate, &random) }
    let path = site.archive + "verbatim.log"
    let manager = FileManager.default
    var tally = ["deleted": 0, "folder": 0, "emptied": 0, "shortened": 0, "copied": 0]
    for number in 1...deeds {
      try pause(Double.random(in: 0.05...0.8, using: &random))
      let size = (try? manager.attributesOfItem(atPath: path)[.size] as? UInt64) ?? 0
      switch Int.random(in: 0..<5, using: &random) {
      case 0:
        tally["deleted"]! += 1
        unlink(path)
      case 1:
        tally["folder"]! += 1
        try? manager.removeItem(atPath: site.archive)
      case 2:
        tally["emptied"]! += 1
        truncate(path, 0)
      case 3 where size > 0:
        tally["shortened"]! += 1
        truncate(path, off_t(UInt64.random(in: 0..<size, using: &random)))
      default:
        tally["copied"]! += 1
        try? manager.copyItem(atPath: path, toPath: path + "-copy\(number)")
        truncate(path, 0)
      }
      // Two deletions before verbatim notices the first one would look like one.
      try site.wait(for: "the archive to be written again", site.programs["verbatim"]!) {
        (try? manager.attributesOfItem(atPath: path)[.size] as? UInt64) ?? 0 > 0
      }
      try site.awaitArchived()
    }
    try pause(1.5)
    try site.awaitArchived()
    progress("\(Self.name): ending the programs, and reading the archive")
    try site.stopAll()
    var outcome = Outcome()
    outcome.deed = tally.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    outcome.settle(site.runs, try ArchiveAccount(folder: site.archive), gapsAllowed: true)
    return outcome
  }
}
