import ArgumentParser
import EventLoop
import Glibc
import LogProtocol
import Observations

/// `chaos takeover`: strangers that know as much about sources as subscribers do try to impersonate them.
struct TakeoverScenario: Scenario {
  static let name = "takeover"
  static let configuration = CommandConfiguration(
    commandName: name,
    abstract: "Impersonate sources that are connected, away or not back yet, and send records for them.",
    discussion: """
      Strangers say hello with the instance and id of each source, without a secret or with a wrong one, and \
      send records with sequence numbers far ahead. Meanwhile the log server and verbatim are killed. Each \
      stranger must be refused, and every record that the sources published must be in the archive, without \
      a gap record.
      """
  )

  @OptionGroup var options: ScenarioOptions

  @Option(help: "Seconds of the attempts.")
  var seconds = 30.0

  func perform(at site: Site, _ random: inout SeededGenerator) throws -> Outcome {
    try site.startLogServer()
    try site.start("verbatim")
    for name in ["load 1", "load 2"] { try site.startSource(name, rate: options.rate, &random) }
    var tried: UInt64 = 0
    var granted: UInt64 = 0
    var kills: UInt64 = 0
    let end = Clock.monotonic() + UInt64(seconds * 1e9)
    var nextKill = Clock.monotonic() + 1_000_000_000
    while Clock.monotonic() < end {
      for run in site.runs {
        tried += 1
        if try attempt(site, run, &random) { granted += 1 }
      }
      guard Clock.monotonic() > nextKill else { continue }
      kills += 1
      nextKill = Clock.monotonic() + UInt64.random(in: 1_000_000_000...4_000_000_000, using: &random)
      if Bool.random(using: &random) {
        try site.kill("logserver")
        try site.startLogServer()
      } else {
        try site.kill("verbatim")
        try site.start("verbatim")
      }
    }
    try site.awaitArchived()
    progress("\(Self.name): ending the programs, and reading the archive")
    try site.stopAll()
    var outcome = Outcome()
    outcome.deed = "\(tried) attempts to impersonate a source, \(kills) kills, in \(Int(seconds)) s"
    outcome.settle(site.runs, try ArchiveAccount(folder: site.archive))
    outcome.count("granted", granted, "attempts that succeeded")
    outcome.promise(granted == 0, "\(granted) of \(tried) strangers were accepted as a source")
    return outcome
  }

  /// Whether the log server accepts a stranger as the source.
  private func attempt(_ site: Site, _ run: LoadRun, _ random: inout SeededGenerator) throws -> Bool {
    guard let socket = try? RawSocket(site.root + "publish") else { return false }
    defer { socket.close() }
    let source = UInt32(truncatingIfNeeded: run.ledger.source)
    let next = Bool.random(using: &random) ? run.ledger.lastSequence + 1 : 1 << 62
    let hello = LinkMessage.hello(
      SourceDescription(instance: run.instance, process: 1, kind: "load", name: "", version: "1"),
      formerSource: source,
      nextSequence: next,
      oldestHeld: Bool.random(using: &random) ? 1 : next,
      secret: Bool.random(using: &random) ? nil : SourceIdentity(using: &random).secret
    ).record(at: 1)
    let record = RecordHeader(type: .debug, source: source, time: 1, sequence: 1 << 62, bodyCount: 0)
      .record(body: [0x78])
    try socket.write(hello + record)
    var isGranted = false
    try socket.read(seconds: 5) { link in
      if case .grant = link { isGranted = true }
      return !isGranted
    }
    return isGranted
  }
}
