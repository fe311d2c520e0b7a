import ArgumentParser
import BitcoinWire
import Commands
import Configuration
import ControlProtocol
import Crawler
import EventLoop
import LogOptions
import NodeDatabase
import Steering

/// `netmine crawl run`, with `netmine crawl` as its short form: finds all reachable nodes.
struct CrawlRunCommand: ControlCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Find all reachable nodes of the network.",
    discussion: """
      For example:
        netmine crawl                                 start from the DNS seeds and open connections
        netmine crawl --file nodes.txt --list found   start from a file; write reachable nodes to another
        netmine crawl --hold                          keep a connection to each node, until interrupted

      A pass dials all candidates, asks each reachable node for addresses, dials the new ones, and so on \
      until none are left. See docs/crawler.md for passes and node states, and the crawl section of \
      netmine.cfg for limits.

      Exit status: 0 if any node is reachable, otherwise 1.
      """
  )

  @Argument(help: ArgumentHelp("Nodes to start from.", valueName: "host[:port]"))
  var hosts: [String] = []

  @Option(
    help: ArgumentHelp("Start from the hosts in this file, one per line; - for stdin.", valueName: "path"),
    completion: .file()
  )
  var file: String?

  @Flag(
    name: .customLong("dns-seeds"),
    inversion: .prefixedNo,
    help: "Start from nodes that the network's DNS seeds list. (default: if no host is given)"
  )
  var usesSeeds: Bool?

  @Flag(
    name: .customLong("fixed-seeds"),
    inversion: .prefixedNo,
    help: """
      Start from a few built-in addresses if hosts, DNS seeds, the database and open connections give none. \
      (default: if no host is given)
      """
  )
  var usesFixedSeeds: Bool?

  @Option(
    name: .customLong("dns-server"),
    help: ArgumentHelp("Use this name server. (default: the system's)", valueName: "address:port")
  )
  var nameServer: Endpoint?

  @Flag(help: "Keep a connection to every reachable node, and redial nodes, until interrupted.")
  var hold = false

  @Option(
    help: ArgumentHelp(
      "Stop after N passes; 0 is no limit. (default: 1; with --hold: 0)",
      valueName: "count"
    )
  )
  var passes: Int?

  @Option(help: ArgumentHelp("Stop after N seconds.", valueName: "seconds"))
  var duration: Double?

  @Option(
    help: ArgumentHelp("Dial at most N nodes per second. (default: crawl.rate)", valueName: "count")
  )
  var rate: Double?

  @Option(
    help: ArgumentHelp("Dial at most N nodes at a time. (default: crawl.in_flight)", valueName: "count")
  )
  var inFlight: Int?

  @Option(
    help: ArgumentHelp(
      "Write the reachable nodes to this file, one per line; - for stdout.",
      valueName: "path"
    ),
    completion: .file()
  )
  var list: String?

  @Option(
    help: ArgumentHelp("Use the species rules in this file. (default: crawl.species)", valueName: "path"),
    completion: .file()
  )
  var species: String?

  @Flag(help: "Print the built-in species rules, to be edited, and exit.")
  var printSpecies = false

  @Option(
    help: ArgumentHelp(
      "The node database: a file or postgresql://user@host/name. (default: as configured)",
      valueName: "place"
    ),
    completion: .file()
  )
  var database: String?

  @Flag(name: .customLong("no-database"), help: "Use no node database: load nothing, store nothing.")
  var noDatabase = false

  @Option(
    help: ArgumentHelp(
      "Print progress every N seconds when stderr is not a terminal.",
      valueName: "seconds"
    )
  )
  var heartbeat = 10.0

  @OptionGroup(title: "How to connect") var connecting: ConnectOptions
  @OptionGroup var options: ClientOptions

  func validate() throws {
    guard passes ?? 0 >= 0 else { throw ValidationError("--passes must be 0 or more.") }
    guard duration ?? 1 > 0, heartbeat > 0 else {
      throw ValidationError("--duration and --heartbeat must be more than 0.")
    }
    guard rate ?? 1 > 0, inFlight ?? 1 > 0 else {
      throw ValidationError("--rate and --in-flight must be more than 0.")
    }
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    if printSpecies {
      environment.output.lines(Array(SpeciesRules.standardText.utf8))
      return .succeeded
    }
    let rules = try speciesRules(environment.configuration)
    var settings = try settings(environment.configuration)
    var named = self.hosts.filter { $0 != "-" }
    if self.hosts.contains("-") { named += try HostFile.read("-") }
    if let file { named += try HostFile.read(file) }
    return try environment.withStream(CrawlDriver.subscription) { session, stream throws(ClientFailure) in
      // Through a proxy given on the command line, loopback addresses might lead back to this machine.
      settings.dialsLoopbackOnly = session.hello.reach != .anywhere && connecting.proxy == nil
      let start = try beginnings(named, session.hello, environment)
      let fixed = try fixedSeeds(named, session.hello)
      let recorder = try recorder(session.hello.networkName, environment)
      let run = CrawlRun(self, settings, rules, recorder, session, stream, environment)
      return try run.run(from: start, orFrom: fixed)
    }
  }

  private func recorder(_ network: String, _ environment: ClientEnvironment) throws(ClientFailure)
    -> NodeRecorder?
  {
    guard !noDatabase else { return nil }
    var place = environment.configuration.nodeDatabase
    if let database {
      place.place = database
    } else {
      try environment.prepareFolder(ofDatabase: place.place, isReadOnly: false)
    }
    do throws(NodeStoreError) {
      return try NodeRecorder(
        place,
        snapshotInterval: environment.configuration.crawl.snapshotInterval,
        network: network,
        on: environment.loop
      ) {
        environment.output.complain($0)
      }
    } catch {
      throw ClientFailure(.someFailed, "Node database: \(error).")
    }
  }

  /// The settings from the configuration, overridden by the command line.
  private func settings(_ configuration: Configuration) throws(ClientFailure) -> CrawlSettings {
    var settings = CrawlSettings(configuration)
    settings.inFlight = min(inFlight ?? settings.inFlight, configuration.connector.dial.inFlight)
    settings.rate = rate ?? settings.rate
    settings.holds = hold
    settings.optedOut = try CrawlSettings.optedOut(configuration)
    return settings
  }

  private func speciesRules(_ configuration: Configuration) throws(ClientFailure) -> SpeciesRules {
    guard let path = species ?? configuration.crawl.species else { return .standard }
    let text = try HostFile.text(path, what: "species file")
    do throws(SpeciesRules.Failure) { return try SpeciesRules(text) } catch {
      throw ClientFailure(.configuration, "\(path), \(error).")
    }
  }

  /// The addresses to start from: those of the given hosts, and those that the DNS seeds list.
  func beginnings(
    _ named: [String],
    _ hello: ServerHello,
    _ environment: ClientEnvironment
  ) throws(ClientFailure) -> [Endpoint] {
    var endpoints: [Endpoint] = []
    var names: [(name: String, port: UInt16)] = []
    for text in named {
      switch HostSpecification(text, defaultPort: hello.defaultPort)?.host {
      case .endpoint(let endpoint): endpoints.append(endpoint)
      case .name(let name, let port): names.append((name, port))
      case nil: throw ClientFailure(.usage, "\"\(text)\" is neither an address nor a name.")
      }
    }
    let described = environment.configuration.networks.first { $0.name == hello.networkName }
    let seeds = described?.dnsSeeds ?? Network(named: hello.networkName)?.dnsSeeds ?? []
    if usesSeeds == true, seeds.isEmpty {
      throw ClientFailure(.usage, "\(hello.networkName) has no DNS seeds.")
    }
    if usesSeeds ?? named.isEmpty { names += seeds.map { ($0, hello.defaultPort) } }
    guard !names.isEmpty else { return endpoints }
    let answers = try Resolver(environment, server: nameServer).addresses(of: names.map(\.name))
    for (name, port) in names {
      switch answers[name] {
      case .success(let addresses): endpoints += addresses.map { Endpoint($0, port: port) }
      case .failure(let error): environment.output.complain("\(name): \(error).")
      case nil: break
      }
    }
    return endpoints
  }

  /// The built-in addresses to start from if there are no others, as with Bitcoin Core's -fixedseeds.
  func fixedSeeds(_ named: [String], _ hello: ServerHello) throws(ClientFailure) -> [Endpoint] {
    guard usesFixedSeeds ?? named.isEmpty else { return [] }
    // Found by magic, because a network described in the configuration may have any name.
    let seeds = Network(magic: hello.magic)?.fixedSeeds ?? []
    if usesFixedSeeds == true, seeds.isEmpty {
      throw ClientFailure(.usage, "\(hello.networkName) has no fixed seeds.")
    }
    return seeds
  }

  /// A connect target for an endpoint.
  ///
  /// - Parameter agent: the user agent to send if the command line gives none.
  func target(_ endpoint: Endpoint, agent: String?) -> ConnectTarget {
    var target = connecting.target(endpoint)
    if target.userAgent == nil { target.userAgent = agent.map { Array($0.utf8) } }
    // A crawl that only asks for addresses needs no transactions.
    if target.relay == nil, !hold { target.relay = false }
    return target
  }
}
