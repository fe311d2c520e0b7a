import ArgumentParser
import Bytes
import EventLoop
import Foundation

/// `bench crawl`: measures the crawler: its decisions in simulated time, and whole crawls of simulated
/// networks on this machine, compared with a plain crawler in Python.
struct CrawlBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "crawl",
    abstract: "Measure the crawler, compared with a plain one in Python.",
    discussion: """
      decisions: which addresses are dialled and when, in simulated time and without sockets.

      database: the cost of writing a flood of addresses into a node database.

      network: netmine crawl with its connector and log server, then the plain crawler, on the same \
      simulated network, in which all nodes are reachable. All programs are separate processes on this \
      machine.

      flood: the same, but most advertised addresses have no node, some nodes only send spam, and others are \
      not reachable. The crawl ends when the last reachable node is found.

      netmine must find every reachable node, and no other.
      """
  )

  /// A part of the benchmark.
  enum Part: String, CaseIterable, ExpressibleByArgument {
    case decisions
    case database
    case network
    case flood
  }

  @Option(help: "Run only this part. May be repeated. (default: all)")
  var only: [Part] = []

  @Option(help: "Reachable nodes.")
  var nodes = 20_000

  @Option(help: "Addresses without a node that many nodes advertise.")
  var dead = 180_000

  @Option(help: "Addresses without a node that few nodes advertise.")
  var spam = 1_000_000

  @Option(help: "Addresses in memory at the end, in simulated time.")
  var candidates = 2_000_000

  @Option(help: "Dials per second, in simulated time; crawls on this machine have no limit.")
  var rate = 5000.0

  @Option(help: "Dials in flight, in simulated time.")
  var inFlight = 5000

  @Option(help: "Workers of the plain crawler.")
  var workers = 2000

  @Option(help: "Most seconds of a crawl on this machine.")
  var limit = 120.0

  @Option(help: "Crawls of each network with netmine; the median is reported.")
  var samples = 3

  @Flag(help: "Print JSON, one object per line.")
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

  /// Crawls with netmine, and reports the median.
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
