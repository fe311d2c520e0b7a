import ArgumentParser
import EventLoop
import Foundation
import Glibc
import LogFiles
import LogProtocol
import TestSupport

/// `chaos flood`: peers that send as much as they can cost no other peer a record.
struct FloodScenario: Scenario {
  static let name = "flood"
  static let configuration = CommandConfiguration(
    commandName: name,
    abstract: "Let peers flood a connector with the largest announcements, beside an honest peer.",
    discussion: """
      Ten peers send announcements of 50,000 items as fast as the connector reads them, while the archive is \
      stopped now and then. Every announcement of an honest peer must be in the archive once, and the \
      archive must have no gap.
      """
  )

  @OptionGroup var options: ScenarioOptions

  @Option(help: "Seconds of the flood.")
  var seconds = 15.0

  @Option(help: "Number of flooding peers.")
  var peers = 10

  func perform(at site: Site, _ random: inout SeededGenerator) throws -> Outcome {
    try site.startLogServer()
    try site.start("verbatim")
    site.settings["connector"] = [
      "--network", "simnet", "--set", "connector.bitcoin.listeners=((\"AF_INET\", \"127.0.0.1\", 0, 9))",
    ]
    let connector = try site.start("connector")
    try site.wait(for: "the connector to listen", connector) {
      connector.errors.contains("joined the log server")
    }
    let line = connector.errors.split(separator: "\n").first { $0.contains("listening for peers") }
    guard let address = line?.split(separator: "=").last.map(String.init) else {
      throw Program.Failure(description: "the connector does not print its listening address")
    }
    let paths = ["honest", "flood"].map { site.root + "output/notes-\($0)" }
    let honest = try PeerNotes(paths[0])
    let flood = try PeerNotes(paths[1])
    try site.start("honest", "chaos", ["peers", "--address", address, "--count", "1", "--notes", paths[0]])
    try site.wait(for: "an honest peer's pongs", connector) { honest.pongs > 10 }
    try site.start(
      "flood",
      "chaos",
      ["peers", "--address", address, "--count", "\(peers)", "--notes", paths[1], "--flood"]
    )
    let verbatim = site.programs["verbatim"]!
    let end = Clock.monotonic() + UInt64(seconds * 1e9)
    while Clock.monotonic() < end {
      try pause(Double.random(in: 0.1...1, using: &random))
      verbatim.signal(SIGSTOP)
      try pause(Double.random(in: 0.1...1, using: &random))
      verbatim.signal(SIGCONT)
    }
    for name in ["flood", "honest"] { try site.stop(name) }
    progress("\(Self.name): ending the programs, and reading the archive")
    for name in ["connector", "verbatim", "logserver"] { try site.stop(name) }
    var outcome = Outcome()
    outcome.deed = "\(peers) peers flooding for \(Int(seconds)) s"
    outcome.settle([], try ArchiveAccount(folder: site.archive))
    let found = try announcements(site.archive)
    let missing = (1...max(1, honest.announced)).count { found[$0, default: 0] == 0 }
    let twice = found.values.count { $0 > 1 }
    outcome.count("announced", honest.announced, "announcements of an honest peer")
    outcome.count("lost", UInt64(missing), "of them not in the archive")
    outcome.measure("flooded_mb", Double(flood.flooded) / 1e6, "MB of flood:")
    outcome.measure(
      "slowest_ms",
      Double(honest.slowest) / 1e6,
      "longest round trip of an honest peer's ping in ms:"
    )
    outcome.count("pongs", honest.pongs, "pings answered")
    outcome.promise(
      honest.announced > 0 && missing == 0,
      "\(missing) announcements of an honest peer are missing"
    )
    outcome.promise(twice == 0, "\(twice) announcements of an honest peer are duplicates")
    outcome.promise(honest.closed == 0, "the honest peer was disconnected")
    return outcome
  }

  /// How many times each numbered announcement is in the archive.
  private func announcements(_ folder: String) throws -> [UInt64: Int] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
      $0.hasPrefix("verbatim.log")
    }
    var found: [UInt64: Int] = [:]
    for name in LogFiles.chronological(names.map { folder + $0 }) {
      let file = try LogFile(name)
      while let piece = try file.next() {
        // Header, count, type and hash of one announcement.
        guard case .record(let record) = piece, record.header.type == .message, record.body.count == 24 + 37,
          record.body[29..<37].elementsEqual(LoadPeers.mark)
        else { continue }
        let number = UInt64(bigEndian: record.body.loadUnaligned(fromByteOffset: 37, as: UInt64.self))
        found[number, default: 0] += 1
      }
    }
    return found
  }
}
