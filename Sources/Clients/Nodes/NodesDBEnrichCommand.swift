import ArgumentParser
import BitcoinWire
import Commands
import Configuration
import Enrichment
import LogOptions
import NodeDatabase

/// `netmine nodes-db enrich`: records what others know of the nodes.
struct NodesDBEnrichCommand: NodesDBSubcommand {
  static let configuration = CommandConfiguration(
    commandName: "enrich",
    abstract: "Look up where nodes are, whose network they are in, and what they are called.",
    discussion: """
      Countries, cities, coordinates, time zones and autonomous systems are in the databases that geo.city, geo.country \
      and geo.asn name in the configuration. Names are asked for with --reverse-dns only: name servers then see whom \
      one looks at. A crawler does so by itself; this is for databases that came later.

      Exit status 1 where a database cannot be used; what the others know is recorded nevertheless.
      """
  )

  @Flag(help: "All nodes that are known, not only those that are reachable.")
  var all = false

  @Flag(name: .customLong("reverse-dns"), help: "Ask name servers what addresses are called.")
  var reverseDNS = false

  @Option(
    name: .customLong("reverse-dns-rate"),
    help: ArgumentHelp("Ask at most so many times a second. (default: as configured)", valueName: "count")
  )
  var rate: Double?

  @Option(
    name: .customLong("dns-server"),
    help: ArgumentHelp("Ask this name server. (default: the system's)", valueName: "address:port")
  )
  var nameServer: Endpoint?

  @Flag(help: "Ask for the names of addresses too that nobody elsewhere can have, as in simulated networks.")
  var unroutable = false

  @OptionGroup var options: NodesDBOptions

  func validate() throws {
    if let rate, !(0.1...1000).contains(rate) {
      throw ValidationError("--reverse-dns-rate is 0.1 to 1000.")
    }
    guard reverseDNS || rate == nil && nameServer == nil && !unroutable else {
      throw ValidationError("--reverse-dns-rate, --dns-server and --unroutable go with --reverse-dns.")
    }
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    var isWhole = true
    let geo = Enricher(environment.configuration.geo.paths) {
      isWhole = false
      environment.output.complain("\($0).")
    }
    guard geo.hasSources || reverseDNS else {
      throw ClientFailure(
        .configuration,
        "There is nothing to look up in: name databases in the configuration (geo.city, geo.asn), or say --reverse-dns."
      )
    }
    let run = NodesDBEnrichRun(geo, environment)
    if reverseDNS { try run.askNames(self) }
    let status = try withStore(environment, isReadOnly: false) { store throws(NodeStoreError) in
      try run.run(store, onlyReachable: !all)
    }
    environment.output.line(run.summary)
    return isWhole && !run.isInterrupted ? status : .someFailed
  }
}
