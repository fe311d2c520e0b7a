import ArgumentParser
import Bytes
import EventLoop
import Foundation

/// `bench crawl`: measures the crawler: its decisions in simulated time, and whole crawls of simulated networks on this
/// machine, beside a plain crawler in Python.
struct CrawlBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "crawl",
    abstract: "Measure the crawler, beside a plain one in Python.",
    discussion: """
      decisions: which addresses it dials when, in simulated time and without sockets.

      database: what writing what a flood brings into a database of nodes costs.

      network: netmine crawl with its connector and log server, and then the plain crawler, on the same simulated \
      network, all nodes of which are reachable. All are processes of their own on this machine.

      flood: the same, where most of what nodes tell is nobody's, some nodes do nothing but spam, and others are not \
      reachable. It ends with the last reachable node found.

      netmine must find every reachable node, and no other.
      """
  )

  /// What can be measured.
  enum Part: String, CaseIterable, ExpressibleByArgument {
    case decisions
    case database
    case network
    case flood
  }

  @Option(help: "Only this; may be repeated. (default: all)")
  var only: [Part] = []

  @Option(help: "Nodes that can be reached.")
  var nodes = 20_000

  @Option(help: "Addresses that many nodes tell, and where nobody answers.")
  var dead = 180_000

  @Option(help: "Addresses that few nodes tell, and where nobody answers.")
  var spam = 1_000_000

  @Option(help: "Addresses that are remembered at last, in simulated time.")
  var candidates = 2_000_000

  @Option(help: "Dials a second, in simulated time; on this machine there is no limit.")
  var rate = 5000.0

  @Option(help: "Dials under way, in simulated time.")
  var inFlight = 5000

  @Option(help: "Workers of the plain crawler.")
  var workers = 2000

  @Option(help: "Seconds that a crawl on this machine may take.")
  var limit = 120.0

  @Option(help: "Crawls of each network with netmine, of which the median is told.")
  var samples = 3

  @Flag(help: "Print JSON, an object a line.")
  var json = false

  func run() throws {
    let parts = only.isEmpty ? Part.allCases : only
    if parts.contains(.decisions) { decide() }
    if parts.contains(.database) { try record() }
    if parts.contains(.network) { try crawl(.plain(nodes: nodes)) }
    if parts.contains(.flood) { try crawl(.flooded(reachable: nodes, dead: dead, spam: spam)) }
  }

  /// Crawls a network with netmine and with the plain crawler.
  private func crawl(_ network: CrawlDeployment.Network) throws {
    _ = try DescriptorLimit.raise()
    let folder = NSTemporaryDirectory() + "netmine-bench-\(UInt32.random(in: 0 ... .max))/"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let deployment = try CrawlDeployment(folder, network)
    if !json { emit("\(network.title); \(deployment.reachable.count) can be reached") }
    let median = try crawl(deployment, keeps: false)
    let keeping = try crawl(deployment, keeps: true)
    let plain = try deployment.crawl(.plain(workers: workers), limit: limit)
    tell(plain.figures)
    tell([
      ControlFigure(
        name: "nodes a second, netmine's over the plain one's",
        value: median.rate / plain.rate,
        unit: ""
      ),
      ControlFigure(name: "  the same with its database", value: keeping.rate / plain.rate, unit: ""),
      ControlFigure(
        name: "  processor time a node, the plain one's over netmine's",
        value: plain.perNode(plain.wholeProcessor) / median.perNode(median.wholeProcessor),
        unit: ""
      ),
    ])
  }

  /// Crawls with netmine and tells the median.
  private func crawl(_ deployment: CrawlDeployment, keeps: Bool) throws -> CrawlTrial {
    var trials: [CrawlTrial] = []
    for _ in 0..<max(1, samples) {
      let trial = try deployment.crawl(.netmine(keeps: keeps), limit: limit)
      try trial.check()
      trials.append(trial)
    }
    trials.sort { $0.rate < $1.rate }
    tell(trials[trials.count / 2].figures)
    return trials[trials.count / 2]
  }

  func tell(_ figures: [ControlFigure]) {
    for figure in figures { emit(json ? figure.json : figure.line) }
  }
}
