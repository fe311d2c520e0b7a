import ArgumentParser
import BitcoinWire
import ControlProtocol
import LogOptions

/// The options that say how to connect to nodes, shared by all commands that connect.
public struct ConnectOptions: ParsableArguments {
  /// The SOCKS5 proxy to connect through; nil for the configured one.
  @Option(
    help: ArgumentHelp(
      "Connect through this SOCKS5 proxy. (default: connector.onion_proxy for onion addresses)",
      valueName: "address:port"
    )
  )
  public var proxy: Endpoint?

  @Option(help: ArgumentHelp("Connect from this local address.", valueName: "address"))
  var from: NetworkAddress?

  @Option(
    help: ArgumentHelp(
      "Offer these services, such as NETWORK,WITNESS or 0x409. (default: as configured)",
      valueName: "services"
    ),
    completion: .list(ServiceFlags.known.names)
  )
  var services: ServiceFlags?

  @Option(
    help: ArgumentHelp("Send this user agent, at most 256 bytes. (default: as configured)", valueName: "text")
  )
  var userAgent: String?

  @Flag(
    inversion: .prefixedNo,
    help: "Ask peers to announce transactions, or not to. (default: as configured)"
  )
  var relay: Bool?

  @Flag(
    name: .customLong("another"),
    help: "Connect even if the connector already has, or is making, a connection to the address and port."
  )
  var isAnother = false

  /// Creates the options for their parser.
  public init() {}

  /// Refuses a user agent that is too long.
  public func validate() throws {
    guard userAgent?.utf8.count ?? 0 <= ConnectTarget.userAgentLimit else {
      throw ValidationError("--user-agent must be at most \(ConnectTarget.userAgentLimit) bytes.")
    }
  }

  /// A connect target for an endpoint, with these options.
  public func target(_ endpoint: Endpoint) -> ConnectTarget {
    var target = ConnectTarget(endpoint, local: from.map { Endpoint($0, port: 0) })
    target.proxy = proxy
    target.services = services
    target.userAgent = userAgent.map { Array($0.utf8) }
    target.relay = relay
    target.isAnother = isAnother
    return target
  }
}
