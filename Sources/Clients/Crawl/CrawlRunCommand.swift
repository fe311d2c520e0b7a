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

/// `netmine crawl run`, which `netmine crawl` is short for: finds every reachable node.
struct CrawlRunCommand: ControlCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Find every reachable node of the network.",
    discussion: """
      For example:
        netmine crawl                                 from the DNS seeds, and from whom we are connected to
        netmine crawl --file nodes.txt --list found   from a list; what is reachable into a file
        netmine crawl --hold                          and keep a connection to each, until interrupted

      Dials all candidates, asks who is reachable for addresses, dials those, and so on until nothing is left: a pass. \
      What passes do, and what the states mean, is in docs/crawler.md. Limits are in the section crawl of netmine.cfg.

      Exit status 0 when some node is reachable, 1 when none is.
      """
  )

  @Argument(help: ArgumentHelp("Where nodes listen: begin there.", valueName: "host[:port]"))
  var hosts: [String] = []

  @Option(
    help: ArgumentHelp("Begin with the hosts in this file, one a line; - for stdin.", valueName: "path"),
    completion: .file()
  )
  var file: String?

  @Flag(
    name: .customLong("dns-seeds"),
    inversion: .prefixedNo,
    help: "Begin with the nodes that the network's DNS seeds name. (default: where no host is given)"
  )
  var usesSeeds: Bool?

  @Flag(
    name: .customLong("fixed-seeds"),
    inversion: .prefixedNo,
    help: """
      Begin with a few built-in addresses where neither hosts nor DNS seeds, the database or connections give any. \
      (default: where no host is given)
      """
  )
  var usesFixedSeeds: Bool?

  @Option(
    name: .customLong("dns-server"),
    help: ArgumentHelp("Ask this name server. (default: the system's)", valueName: "address:port")
  )
  var nameServer: Endpoint?

  @Flag(help: "Keep a connection to every reachable node, and dial again who comes back, until interrupted.")
  var hold = false

  @Option(
    help: ArgumentHelp(
      "End after so many passes; 0 for never. (default: 1, with --hold 0)",
      valueName: "count"
    )
  )
  var passes: Int?

  @Option(help: ArgumentHelp("End after so many seconds.", valueName: "seconds"))
  var duration: Double?

  @Option(
    help: ArgumentHelp("Begin at most so many dials a second. (default: crawl.rate)", valueName: "count")
  )
  var rate: Double?

  @Option(
    help: ArgumentHelp("Have at most so many dials under way. (default: crawl.in_flight)", valueName: "count")
  )
  var inFlight: Int?

  @Option(
    help: ArgumentHelp(
      "Write the reachable nodes to this file, one a line; - for stdout.",
      valueName: "path"
    ),
    completion: .file()
  )
  var list: String?

  @Option(
    help: ArgumentHelp("Tell species by the rules in this file. (default: crawl.species)", valueName: "path"),
    completion: .file()
  )
  var species: String?

  @Flag(help: "Print the built-in rules for species, to be edited, and end.")
  var printSpecies = false

  @Option(
    help: ArgumentHelp(
      "The database of nodes: a file, or postgresql://user@host/name. (default: as configured)",
      valueName: "place"
    ),
    completion: .file()
  )
  var database: String?

  @Flag(name: .customLong("no-database"), help: "Begin without the database of nodes, and keep nothing.")
  var noDatabase = false

  @Option(
    help: ArgumentHelp(
      "Say every so many seconds how far it is, where that is no terminal.",
      valueName: "seconds"
    )
  )
  var heartbeat = 10.0

  @OptionGroup(title: "How to connect") var connecting: ConnectOptions
  @OptionGroup var options: ClientOptions

  func validate() throws {
    guard passes ?? 0 >= 0 else { throw ValidationError("--passes is 0 or more.") }
    guard duration ?? 1 > 0, heartbeat > 0 else {
      throw ValidationError("--duration and --heartbeat are times.")
    }
    guard rate ?? 1 > 0, inFlight ?? 1 > 0 else {
      throw ValidationError("--rate and --in-flight are more than 0.")
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
      // Through a proxy that the operator names, addresses may lead back to this machine.
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
      throw ClientFailure(.someFailed, "The database of nodes: \(error).")
    }
  }

  /// What the configuration says, and the command line over it.
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
    let text = try HostFile.text(path, what: "file of species")
    do throws(SpeciesRules.Failure) { return try SpeciesRules(text) } catch {
      throw ClientFailure(.configuration, "\(path), \(error).")
    }
  }

  /// The addresses to begin with: those named, and those that DNS seeds name.
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

  /// The built-in addresses that it may begin with where there is nothing else, as with Bitcoin Core's -fixedseeds.
  func fixedSeeds(_ named: [String], _ hello: ServerHello) throws(ClientFailure) -> [Endpoint] {
    guard usesFixedSeeds ?? named.isEmpty else { return [] }
    // By what tells its messages apart: a network described by the operator may have any name.
    let seeds = Network(magic: hello.magic)?.fixedSeeds ?? []
    if usesFixedSeeds == true, seeds.isEmpty {
      throw ClientFailure(.usage, "\(hello.networkName) has no fixed seeds.")
    }
    return seeds
  }

  /// An address with what is said of each connect.
  ///
  /// - Parameter agent: the user agent where the command line does not say.
  func target(_ endpoint: Endpoint, agent: String?) -> ConnectTarget {
    var target = connecting.target(endpoint)
    if target.userAgent == nil { target.userAgent = agent.map { Array($0.utf8) } }
    // Who only asks for addresses has no use for transactions.
    if target.relay == nil, !hold { target.relay = false }
    return target
  }
}
