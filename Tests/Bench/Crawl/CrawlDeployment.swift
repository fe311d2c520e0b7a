import BitcoinWire
import Bytes
import EventLoop
import Foundation
import JSON

/// A simulated network on this machine, with a log server and a connector.
final class CrawlDeployment {
  /// The network to simulate.
  struct Network {
    /// Its title in figures.
    let title: String
    /// The number of nodes.
    let nodes: Int
    /// Further options of `simnet`.
    let options: [String]
    /// Whether to end a crawl with the last reachable node, because dialling all addresses without a node
    /// takes long.
    let endsWithLastNode: Bool

    /// All nodes are reachable, and advertise only each other.
    static func plain(nodes: Int) -> Network {
      Network(title: "\(nodes) nodes", nodes: nodes, options: [], endsWithLastNode: false)
    }

    /// Most advertised addresses have no node, and not every node is reachable.
    static func flooded(reachable: Int, dead: Int, spam: Int) -> Network {
      Network(
        title: "\(reachable) nodes among \(dead) dead addresses, and \(spam) of spammers",
        nodes: Int((Double(reachable) / 0.94).rounded()),
        options: [
          "--dead", "\(dead)", "--spam", "\(spam)", "--unpleasant",
          "address-spammer=0.05,black-hole=0.01,full=0.02,mute=0.01,refused=0.02",
        ],
        endsWithLastNode: true
      )
    }
  }

  /// The most nodes of one process: it needs as many descriptors again for connections.
  private static let partSize = 11_000

  /// Nodes from which a crawl starts.
  private static let startCount = 10

  private let folder: String
  private let network: Network
  private let server: Child
  private let connector: Child
  private let nodes: [Child]

  /// The endpoints of the reachable nodes.
  private(set) var reachable: Set<String> = []

  /// Starts all programs.
  ///
  /// - Parameter folder: an empty folder, with a slash at the end.
  init(_ folder: String, _ network: Network) throws {
    self.folder = folder
    self.network = network
    server = try Child("logserver", ["--root", folder, "--set", "logger.archive_grace=0.0"], in: folder)
    let count = (network.nodes + Self.partSize - 1) / Self.partSize
    var nodes: [Child] = []
    for part in 1...count {
      var options = [
        "--nodes", "\(network.nodes)", "--base", "127.160.0.1", "--port", "0", "--tx-rate", "0",
        "--block-interval", "0", "--root", folder, "--pidfile", folder + "part-\(part).pid", "--list",
        folder + "list-\(part)",
      ]
      if count > 1 { options += ["--part", "\(part)/\(count)", "--link", folder + "link"] }
      if part == 1 { options += ["--truth", folder + "truth"] }
      nodes.append(try Child("simnet", options + network.options, in: folder))
    }
    self.nodes = nodes
    connector = try Child("connector", ["--root", folder, "--network", "simnet"], in: folder)
    for (part, child) in nodes.enumerated() {
      try Self.wait(for: "the nodes", child) {
        FileManager.default.fileExists(atPath: folder + "list-\(part + 1)")
      }
    }
    reachable = try truth()
    let start = reachable.sorted().prefix(Self.startCount).map { $0 + "\n" }.joined()
    try start.write(toFile: folder + "start", atomically: true, encoding: .utf8)
    _ = try ControlConnection(folder + "control")
  }

  /// Lets a crawler find the nodes.
  ///
  /// - Parameter limit: the most seconds of the crawl.
  func crawl(_ crawler: Crawler, limit: Double) throws -> CrawlTrial {
    let others = [connector, server] + nodes
    let before = others.map(\.processorTime)
    let childrenBefore = Self.childrenTime
    let began = Clock.monotonic()
    let child = try crawler.start(folder)
    var trial = CrawlTrial(crawler.name, reachable)
    var measuredAt: UInt64 = 0
    var isAsked = false
    while let line = child.line(until: began + UInt64(limit * 1e9)) {
      let now = Clock.monotonic()
      trial.read(line, at: Double(now - began) * 1e-9)
      if now - measuredAt > 50_000_000 {
        measuredAt = now
        trial.memory = max(trial.memory, child.peakMemory)
      }
      if network.endsWithLastNode, trial.isComplete, !isAsked {
        isAsked = true
        child.signal(SIGINT)
      }
    }
    if !trial.isOver {
      // It has taken too long, but it still reports its results.
      child.signal(SIGINT)
      while let line = child.line(until: Clock.monotonic() + 10_000_000_000) { trial.read(line, at: limit) }
    }
    child.end()
    trial.processor = Self.childrenTime - childrenBefore
    let used = zip(others, before).map { $0.processorTime - $1 }
    trial.nodesTime = used[2...].reduce(0, +)
    if case .netmine = crawler {
      (trial.connectorTime, trial.serverTime) = (used[0], used[1])
      trial.connectorMemory = connector.peakMemory
    }
    return trial
  }

  /// The endpoints of the reachable nodes, from the simulation's truth file.
  private func truth() throws -> Set<String> {
    var known: [JSONValue] = []
    try Self.wait(for: "the truth", nodes[0]) {
      let lines = try String(contentsOfFile: folder + "truth", encoding: .utf8).split(separator: "\n")
      guard lines.count > network.nodes else { return false }
      known = try lines.prefix(network.nodes).map { try JSONValue($0) }
      return true
    }
    var reachable: Set<String> = []
    for node in known {
      guard case .object(let members) = node, case .string(let endpoint)? = members["endpoint"] else {
        throw IOError("read the truth", code: EPROTO)
      }
      switch members["neighbour"] {
      case nil, .string("address-spammer"): reachable.insert(endpoint)
      default: break
      }
    }
    return reachable
  }

  /// Processor time of all ended child processes, in seconds.
  private static var childrenTime: Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_CHILDREN.rawValue), &usage)
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
      + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6
  }

  private static func wait(for what: String, _ child: Child, until condition: () throws -> Bool) throws {
    let deadline = Clock.monotonic() + 60_000_000_000
    while try !condition() {
      guard child.isRunning, Clock.monotonic() < deadline else {
        throw IOError("wait for \(what)", code: ETIMEDOUT)
      }
      usleep(20_000)
    }
  }
}

/// A crawler: netmine with an empty node database or without one, or the plain crawler.
enum Crawler {
  case netmine(keeps: Bool)
  case plain(workers: Int)

  /// Its name in figures.
  var name: String {
    switch self {
    case .netmine(let keeps): keeps ? "netmine crawl with its database" : "netmine crawl"
    case .plain: "plain crawler"
    }
  }

  /// The path of the plain crawler.
  private static let script = String(#filePath.dropLast("CrawlDeployment.swift".count)) + "crawler.py"

  /// Starts the crawler in a deployment's folder.
  fileprivate func start(_ folder: String) throws -> Child {
    switch self {
    case .netmine(let keeps):
      for suffix in ["", "-wal", "-shm"] { unlink(folder + "nodes.sqlite" + suffix) }
      // Only the simulation limits the pace: connecting on loopback is fast.
      let limits = ["--rate", "1000000", "--in-flight", "1000"] + (keeps ? [] : ["--no-database"])
      return try Child(
        "netmine",
        ["crawl", "--root", folder, "--json", "--file", folder + "start"] + limits,
        in: folder,
        showsErrors: true
      )
    case .plain(let workers):
      let magic = Hexadecimal.text(Network.simnet.frame(.getaddr).prefix(4))
      return try Child(
        "/usr/bin/env",
        ["python3", Self.script, "--magic", magic, "--workers", "\(workers)", "--file", folder + "start"],
        in: folder,
        showsErrors: true
      )
    }
  }
}
