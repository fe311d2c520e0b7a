import ArgumentParser
import BitcoinWire
import Commands
import Configuration
import Enrichment
import LogOptions
import NodeDatabase

/// `netmine nodes-db enrich`: records locations, autonomous systems and host names of nodes.
struct NodesDBEnrichCommand: NodesDBSubcommand {
  static let configuration = CommandConfiguration(
    commandName: "enrich",
    abstract: "Look up the locations, autonomous systems and host names of nodes.",
    discussion: """
      Countries, cities, coordinates, time zones and autonomous systems come from the databases that \
      geo.city, geo.country and geo.asn name in the configuration. Host names are looked up only with \
      --reverse-dns, because it shows the nodes' addresses to name servers. A crawler does all this by \
      itself; use this command after adding a database.

      Exit status 1 if a database cannot be used or the command is interrupted; all other results are \
      recorded.
      """
  )

  @Flag(help: "Look up all known nodes, not only reachable ones.")
  var all = false

  @Flag(name: .customLong("reverse-dns"), help: "Look up host names by reverse DNS.")
  var reverseDNS = false

  @Option(
    name: .customLong("reverse-dns-rate"),
    help: ArgumentHelp("Most DNS queries per second. (default: as configured)", valueName: "count")
  )
  var rate: Double?

  @Option(
    name: .customLong("dns-server"),
    help: ArgumentHelp("Name server to query. (default: the system's)", valueName: "address:port")
  )
  var nameServer: Endpoint?

  @Flag(help: "Also look up unroutable addresses, such as those of simulated networks.")
  var unroutable = false

  @OptionGroup var options: NodesDBOptions

  func validate() throws {
    if let rate, !(0.1...1000).contains(rate) {
      throw ValidationError("--reverse-dns-rate must be 0.1 to 1000.")
    }
    guard reverseDNS || rate == nil && nameServer == nil && !unroutable else {
      throw ValidationError("--reverse-dns-rate, --dns-server and --unroutable need --reverse-dns.")
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
        "There is no source: configure a database (geo.city, geo.country, geo.asn), or use --reverse-dns."
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
