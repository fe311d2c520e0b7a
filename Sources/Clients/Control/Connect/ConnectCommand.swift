import ArgumentParser
import BitcoinWire
import Commands
import ControlProtocol
import LogOptions
import Names
import Steering

/// `netmine connect`: connects to nodes and prints the outcome of each.
struct ConnectCommand: ControlCommand {
  static let configuration = CommandConfiguration(
    commandName: "connect",
    abstract: "Connect to nodes and print the outcome of each.",
    discussion: """
      For example:
        netmine connect 192.0.2.1 [2001:db8::1]:8333 node.example.org
        netmine connect --file nodes.txt --rate 20
        netmine connect --dns-seeds --limit 50
        netmine connect --keep --file observed.txt
        netmine connect --proxy 127.0.0.1:9050 --user-agent /probe:1/ --no-relay HOST

      HOST is an IPv4, IPv6, onion, I2P or CJDNS address, or a name. The addresses of a name are tried one \
      after another. - reads hosts from stdin. Without a port, the network's default port is used. Exit \
      status: 0 if all hosts are connected, otherwise 1.
      """
  )

  @Argument(help: ArgumentHelp("Nodes to connect to.", valueName: "host[:port]"))
  var hosts: [String] = []

  @Option(
    help: ArgumentHelp("Read hosts from this file, one per line; - for stdin.", valueName: "path"),
    completion: .file()
  )
  var file: String?

  @Flag(name: .customLong("dns-seeds"), help: "Connect to nodes that the network's DNS seeds list.")
  var usesSeeds = false

  @Option(help: ArgumentHelp("Connect to at most N nodes from the DNS seeds.", valueName: "count"))
  var limit = 100

  @Option(
    name: .customLong("dns-server"),
    help: ArgumentHelp("Use this name server. (default: the system's)", valueName: "address:port")
  )
  var nameServer: Endpoint?

  @Option(
    help: ArgumentHelp("Start at most N connects per second. (default: no limit)", valueName: "count")
  )
  var rate: Double?

  @Option(
    help: ArgumentHelp(
      "Seconds to wait for the outcomes after the last connect has started.",
      valueName: "seconds"
    )
  )
  var timeout = 60.0

  @Flag(inversion: .prefixedNo, help: "Wait for the outcomes.")
  var wait = true

  @Flag(
    help: ArgumentHelp(
      "Make the connector redial when the connection ends or fails, until you disconnect it.",
      discussion: "If a name has several addresses, only the first is used."
    )
  )
  var keep = false

  @OptionGroup(title: "How to connect") var connecting: ConnectOptions
  @OptionGroup var options: ClientOptions

  func validate() throws {
    guard !hosts.isEmpty || file != nil || usesSeeds else {
      throw ValidationError("Give a host, a --file of hosts, or --dns-seeds.")
    }
    guard limit > 0 else { throw ValidationError("--limit must be 1 or more.") }
    guard rate ?? 1 > 0 else { throw ValidationError("--rate must be more than 0.") }
    guard timeout >= 0 else { throw ValidationError("--timeout cannot be negative.") }
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    var named = self.hosts.filter { $0 != "-" }
    if self.hosts.contains("-") { named += try HostFile.read("-") }
    if let file { named += try HostFile.read(file) }
    let resolver = try Resolver(environment, server: nameServer)
    return try environment.withSession { session throws(ClientFailure) in
      let hosts = try named + (usesSeeds ? seeded(session.hello, environment, resolver) : [])
      let report = ConnectReport(environment, total: hosts.count)
      var ledger = ConnectLedger()
      let found = try candidates(hosts, defaultPort: session.hello.defaultPort, resolver)
      for (host, endpoints) in zip(hosts, found) {
        switch endpoints {
        case .success(let endpoints): ledger.add(host, at: keep ? Array(endpoints.prefix(1)) : endpoints)
        case .failure(let failure): report.show(ledger.addFailure(host, failure.description))
        }
      }
      let run = ConnectRun(
        session,
        report,
        environment,
        connecting,
        rate: rate,
        timeout: timeout,
        waits: wait,
        keeps: keep
      )
      return try run.run(&ledger)
    }
  }

  /// The endpoints that the DNS seeds of the connector's network list, as texts.
  private func seeded(
    _ hello: ServerHello,
    _ environment: ClientEnvironment,
    _ resolver: Resolver
  ) throws(ClientFailure) -> [String] {
    let described = environment.configuration.networks.first { $0.name == hello.networkName }
    let seeds = described?.dnsSeeds ?? Network(named: hello.networkName)?.dnsSeeds ?? []
    guard !seeds.isEmpty else { throw ClientFailure(.usage, "\(hello.networkName) has no DNS seeds.") }
    let answers = try resolver.addresses(of: seeds)
    let endpoints = SeedQuery.endpoints(of: seeds, port: hello.defaultPort, limit: limit) {
      try? answers[$0]?.get()
    }
    guard !endpoints.isEmpty else {
      throw ClientFailure(
        .someFailed,
        "None of the DNS seeds \(seeds.joined(separator: ", ")) could be resolved."
      )
    }
    return endpoints.map(\.description)
  }

  /// The endpoints to try for each host, in order. All names are resolved at the same time.
  private func candidates(
    _ hosts: [String],
    defaultPort: UInt16,
    _ resolver: Resolver
  ) throws(ClientFailure) -> [Result<[Endpoint], NameError>] {
    var specifications: [HostSpecification] = []
    var names: [String] = []
    for text in hosts {
      guard let specification = HostSpecification(text, defaultPort: defaultPort) else {
        throw ClientFailure(
          .usage,
          "\"\(text)\" is neither an address nor a name; write HOST or HOST:PORT, and IPv6 with a port as [::1]:8333."
        )
      }
      specifications.append(specification)
      if case .name(let name, _) = specification.host { names.append(name) }
    }
    let answers = try resolver.addresses(of: names)
    return specifications.map { specification in
      switch specification.host {
      case .endpoint(let endpoint): .success([endpoint])
      case .name(let name, let port): answers[name]!.map { $0.map { Endpoint($0, port: port) } }
      }
    }
  }
}
