import ArgumentParser
import EventLoop
import Foundation
import Glibc

/// `chaos malformed`: strangers that send malformed data are refused with a reason and closed, and no other
/// client notices.
struct MalformedScenario: Scenario {
  static let name = "malformed"
  static let configuration = CommandConfiguration(
    commandName: name,
    abstract:
      "Let strangers send zero lengths, giant lengths, garbage and half frames over thousands of connections.",
    discussion: """
      Meanwhile a load source publishes, and a reader and verbatim read. Each refusal must give the right \
      reason, and each connection must be closed. The others must get every record, at most --patience later \
      than before, and the log server's memory and descriptors must return to their former values.
      """
  )

  @OptionGroup var options: ScenarioOptions

  @Option(help: "Seconds of the attack.")
  var seconds = 60.0

  @Option(help: "Connections per second, half of which send nothing.")
  var connects = 2000

  func perform(at site: Site, _ random: inout SeededGenerator) throws -> Outcome {
    let server = ProcessView(id: try site.startLogServer().id)
    try site.start("verbatim")
    let reader = try site.startReader("reader")
    try site.startSource("load", rate: options.rate, &random)
    try site.wait(for: "records", site.programs["verbatim"]!) { site.runs[0].ledger.acknowledged > 0 }
    try pause(1)
    reader.phase = 1
    try pause(min(5, seconds))
    let (descriptors, memory) = (server.descriptors, server.memory("VmRSS"))

    let path = site.root + "output/attacks"
    let notes = try AttackNotes(path)
    reader.phase = 2
    let attacker = try site.start(
      "attacker",
      "chaos",
      [
        "attacker", "--root", site.root, "--seed", "\(random.next())", "--rate", "\(connects)", "--notes",
        path,
      ]
    )
    let end = Clock.monotonic() + UInt64(seconds * 1e9)
    while Clock.monotonic() < end, attacker.isRunning { try pause(0.1) }
    reader.phase = 3
    try site.stop("attacker")
    try? site.wait(for: "the connections to be closed", site.programs["logserver"]!, timeout: 10) {
      server.descriptors <= descriptors
    }
    let after = (descriptors: server.descriptors, memory: server.memory("VmRSS"))
    // A restarted archiver must still be accepted.
    try site.stop("verbatim")
    let verbatim = try site.start("verbatim")
    try site.wait(for: "verbatim to be accepted", verbatim) { try site.status().archivingReaders == 1 }
    progress("\(Self.name): ending the programs, and reading the archive")
    try site.stop("load")
    try? site.wait(for: "the reader to read all", site.programs["reader"]!) {
      reader.received + reader.missed >= site.runs[0].ledger.lastSequence
    }
    for name in ["reader", "verbatim", "logserver"] { try site.stop(name) }

    var outcome = Outcome()
    let attempts = Attack.allCases.reduce(0) { $0 + notes[$1].attempts }
    outcome.deed = "\(attempts) connections in \(Int(seconds)) s, \(Attack.allCases.count) ways to misbehave"
    outcome.settle(site.runs, try ArchiveAccount(folder: site.archive))
    let refused = Attack.allCases.filter { $0.answer != .none }.reduce(0) {
      $0 + notes[$1].attempts - notes[$1].unclear
    }
    outcome.count("answered", refused, "answered correctly and closed")
    for attack in Attack.allCases {
      let (count, unclear) = (notes[attack].attempts, notes[attack].unclear)
      outcome.promise(unclear == 0, "\(attack): \(unclear) of \(count) were not answered correctly")
      outcome.promise(count > 0 || attempts < 5000, "\(attack) was never tried")
    }
    for line in attacker.lines { outcome.promise(false, line) }
    let (quiet, busy) = (reader.delay(0.99, in: 1), reader.delay(0.99, in: 2))
    outcome.measure("p99_before_ms", Double(quiet) / 1e6, "p99 of the reader's delays in ms before")
    outcome.measure("p99_during_ms", Double(busy) / 1e6, "during")
    outcome.measure("memory_before_mb", Double(memory) / 1e6, "log server's MB before")
    outcome.measure("memory_after_mb", Double(after.memory) / 1e6, "after")
    outcome.measure("descriptors_before", Double(descriptors), "descriptors before")
    outcome.measure("descriptors_after", Double(after.descriptors), "after")
    let total = site.runs[0].ledger.lastSequence
    outcome.promise(
      reader.received == total && reader.missed + reader.disordered + reader.unexplained + reader.wrong == 0
        && reader.losses <= 1,
      "the reader got \(reader.received) of \(total) records, missed \(reader.missed), \(reader.wrong) wrong"
    )
    outcome.promise(
      busy <= quiet + UInt64(options.patience) * 1_000_000,
      "the reader was delayed: \(quiet) ns before, \(busy) ns during"
    )
    outcome.promise(
      after.descriptors <= descriptors,
      "the log server had \(descriptors) descriptors before, and has \(after.descriptors) now"
    )
    outcome.promise(
      after.memory <= memory + 32 << 20,
      "the log server used \(memory) bytes before, and uses \(after.memory) now"
    )
    return outcome
  }
}
