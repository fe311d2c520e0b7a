import ArgumentParser
import EventLoop
import Foundation
import Glibc

/// `chaos hold`: nodes go down and come back, and `netmine crawl --hold` must be connected to all that are
/// up.
struct HoldScenario: Scenario {
  static let name = "hold"
  static let configuration = CommandConfiguration(
    commandName: name,
    abstract: "Let the nodes of a simulated network go down and come back under netmine crawl --hold.",
    discussion: """
      simnet's truth file has the times when nodes are up, the connector's records the times when they are \
      held, both in nanoseconds. Once --share of the nodes that are up is held for the first time, nodes \
      must be held for this share of all their time up. A node that was held before and comes back must be \
      connected again within --within seconds. The loss is the time until the crawler notices a return; \
      docs/crawler.md says how long that takes.
      """
  )

  @OptionGroup var options: ScenarioOptions

  @Option(help: "Nodes of the network.")
  var nodes = 1000

  @Option(help: "Nodes that go down per minute, on average.")
  var churn = 60.0

  @Option(help: "Seconds until a node that went down comes back, on average.")
  var downTime = 60.0

  @Option(help: "Seconds of the run.")
  var seconds = 300.0

  @Option(help: "Percentage of their time up for which nodes must be held.")
  var share = 99.5

  @Option(help: "Seconds within which a returning node must be held again.")
  var within = 60.0

  func perform(at site: Site, _ random: inout SeededGenerator) throws -> Outcome {
    site.settings["connector"] = ["--network", "simnet"]
    try site.startLogServer()
    try site.start("verbatim")
    let connector = try site.start("connector")
    let (list, truth) = (site.root + "nodes.txt", site.root + "truth.json")
    let simnet = try site.start(
      "simnet",
      "simnet",
      [
        "--root", site.root, "--nodes", "\(nodes)", "--base", site.base, "--port", "0", "--tx-rate", "0",
        "--block-interval", "0", "--seed", "\(random.next() % 1_000_000)", "--churn", "\(churn)",
        "--down-time", "\(downTime)", "--list", list, "--truth", truth,
      ]
    )
    var first: Substring?
    try site.wait(for: "the network", simnet) {
      first = try? String(contentsOfFile: list, encoding: .utf8).split(separator: "\n").first
      return first != nil && connector.errors.contains("listening for clients")
    }
    let begin = Clock.now()
    let crawl = try site.start(
      "crawl",
      "netmine",
      ["crawl", "--root", site.root, "--hold", "--no-database", "\(first!)"]
    )
    try pause(seconds)
    let end = Clock.now()
    guard crawl.isRunning else {
      throw CrawlEnded(description: "the crawl ended: \(crawl.errors.suffix(500))")
    }
    crawl.signal(SIGINT)
    try site.wait(for: "the crawl to end", crawl) { !crawl.isRunning }
    for name in ["connector", "simnet", "verbatim", "logserver"] { try site.stop(name) }
    let account = try HoldAccount(
      truth: truth,
      archive: site.archive,
      share: share / 100,
      from: begin,
      to: end
    )
    return outcome(of: account)
  }

  private func outcome(of account: HoldAccount) -> Outcome {
    var outcome = Outcome()
    outcome.deed = "\(nodes) nodes, \(churn) of which went down each minute for \(downTime) s"
    let held = account.upTime > 0 ? 100 * account.heldTime / account.upTime : 0
    let returns = account.returns.filter(\.wasHeld)
    let waits = returns.compactMap(\.wait)
    let longest = Self.longest(returns)
    let mean = waits.isEmpty ? 0 : waits.reduce(0, +) / Double(waits.count)
    let dials = returns.filter { $0.wait != nil }.reduce(0) { $0 + $1.dials }
    outcome.count("returns", UInt64(returns.count), "returns of nodes held before")
    outcome.count("others", UInt64(account.returns.count - returns.count), "returns of other nodes")
    outcome.count("missing", UInt64(account.lowest.missing), "nodes up but not held at the worst moment")
    outcome.measure("filled_s", account.filled ?? -1, "seconds until the network was held")
    outcome.percentage("held", held, "of the up time was held")
    outcome.percentage("lowest", 100 * account.lowest.share, "at the worst moment")
    outcome.percentage(
      "above",
      account.span > 0 ? 100 * (1 - account.lowTime / account.span) : 0,
      "of the time \(share) % or more"
    )
    outcome.measure("mean_wait_s", mean, "mean seconds from a return until the node was held")
    outcome.measure("longest_wait_s", longest, "longest")
    outcome.measure(
      "longest_other_s",
      Self.longest(account.returns.filter { !$0.wasHeld }),
      "longest for nodes not held before"
    )
    outcome.measure("dials", waits.isEmpty ? 0 : Double(dials) / Double(waits.count), "dials per return")
    outcome.measure("interval_s", account.shortestInterval, "shortest seconds between two dials of a node")
    outcome.measure("rate", Double(account.dialCount) / max(1, account.span), "dials per second")
    outcome.promise(account.filled != nil, "\(share) % of the nodes that were up were never held")
    outcome.promise(account.nodeCount == nodes, "the truth file has \(account.nodeCount) nodes")
    outcome.promise(!returns.isEmpty, "no node came back: use more --seconds or --churn")
    outcome.promise(
      held >= share,
      "nodes were held for \(held) % of their time up, not \(share) %"
    )
    outcome.promise(
      longest <= within,
      "a node that had been held was up for \(longest) s before it was held again"
    )
    return outcome
  }

  /// The longest time for which a node was up without being held, in seconds.
  private static func longest(_ returns: [HoldAccount.Return]) -> Double {
    returns.compactMap { $0.wait ?? $0.vain }.max() ?? 0
  }
}

/// The crawl ended too early.
struct CrawlEnded: Error, CustomStringConvertible {
  let description: String
}
