import ArgumentParser
import EventLoop
import Foundation
import Glibc

/// `chaos rotate`: segments that are closed every second make one archive.
struct RotateScenario: Scenario {
  static let name = "rotate"
  static let configuration = CommandConfiguration(
    commandName: name,
    abstract: "Rotate the archive every second under load: by logrotate, then by verbatim itself.",
    discussion: """
      logrotate runs with tools/verbatim-rotate.cfg, but without compression, because Netmine cannot read \
      gzip files. verbatim's own segments are compressed. At the end, netmine log check must find nothing in \
      any of them.
      """
  )

  @OptionGroup var options: ScenarioOptions

  @Option(help: "Seconds for which logrotate is run every second.")
  var seconds = 60

  @Option(help: "Seconds for which verbatim rotates by itself, every second.")
  var ownSeconds = 15

  @Option(help: "logrotate's configuration.")
  var configuration = "tools/verbatim-rotate.cfg"

  func perform(at site: Site, _ random: inout SeededGenerator) throws -> Outcome {
    var outcome = Outcome()
    let folders = ["/usr/sbin/", "/usr/bin/", "/sbin/"]
    guard let logrotate = folders.map({ $0 + "logrotate" }).first(where: { access($0, X_OK) == 0 }) else {
      outcome.skipped = "logrotate is not installed"
      return outcome
    }
    let shipped = try String(contentsOfFile: configuration, encoding: .utf8)
    let lines = shipped.replacing("/tmp/netmine/", with: site.root).split(separator: "\n").filter {
      !$0.contains("compress")
    }
    let path = site.root + "rotate.cfg"
    try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
    chmod(path, 0o644)

    site.settings["connector"] = ["--network", "simnet"]
    try site.startLogServer()
    try site.start("verbatim")
    try site.startSimnet()
    let connector = try site.start("connector")
    try site.startSource("load", rate: options.rate, &random)
    try site.wait(for: "the connector", connector) { connector.errors.contains("listening for clients") }
    try site.connect()
    for second in 0..<max(1, seconds) {
      try pause(1)
      let outcome = try site.run(logrotate, ["-f", "-s", site.root + "rotate.state", path])
      if !outcome.errors.isEmpty { progress("logrotate: \(outcome.errors)") }
      if second % 10 == 9 { progress("\(Self.name): \(second + 1) of \(seconds)") }
    }
    let byLogrotate = try segments(site).count
    if ownSeconds > 0 {
      try site.stop("verbatim")
      site.settings["verbatim"] = ["--rotate-interval", "1"]
      try site.start("verbatim")
      for _ in 0..<ownSeconds { try pause(1) }
    }
    progress("\(Self.name): ending the programs, and reading the archive")
    for name in ["load", "connector", "verbatim", "logserver"] { try site.stop(name) }

    let paths = try segments(site)
    outcome.deed =
      "logrotate every second for \(seconds) s (\(byLogrotate) segments), verbatim for \(ownSeconds) s "
      + "(\(paths.count - byLogrotate))"
    outcome.settle(site.runs, try ArchiveAccount(folder: site.archive))
    let check = try site.run("netmine", ["log", "check"] + paths)
    let words = check.lines.suffix(5).joined(separator: "; ")
    outcome.promise(try check.wait() == 0, "netmine log check: \(words)")
    outcome.promise(
      byLogrotate > seconds * 3 / 4 && paths.count - byLogrotate >= ownSeconds / 2,
      "only \(byLogrotate) segments by logrotate, \(paths.count - byLogrotate) by verbatim"
    )
    return outcome
  }

  private func segments(_ site: Site) throws -> [String] {
    let names = try FileManager.default.contentsOfDirectory(atPath: site.archive).filter { name in
      name.hasPrefix("verbatim.log") && ![".torn-", ".index", ".partial"].contains { name.contains($0) }
    }
    return names.filter { !names.contains($0 + ".zst") }.map { site.archive + $0 }
  }
}
