import ArgumentParser
import BitcoinWire
import LogOptions
import ControlProtocol

/// The options that say how nodes are connected to, shared by every command that connects.
public struct ConnectOptions: ParsableArguments {
  /// The SOCKS5 proxy to connect through; nil for the configured one.
  @Option(
    help: ArgumentHelp(
      "Connect through this SOCKS5 proxy. (default: connector.onion_proxy for onion addresses)",
      valueName: "address:port"
    )
  )
  public var proxy: Endpoint?

  @Option(help: ArgumentHelp("Connect from this address of ours.", valueName: "address"))
  var from: NetworkAddress?

  @Option(
    help: ArgumentHelp(
      "Say that we offer these services, such as NETWORK,WITNESS or 0x409. (default: as configured)",
      valueName: "services"
    ),
    completion: .list(ServiceFlags.known.names)
  )
  var services: ServiceFlags?

  @Option(
    help: ArgumentHelp("Say that we are this, at most 256 bytes. (default: as configured)", valueName: "text")
  )
  var userAgent: String?

  @Flag(
    inversion: .prefixedNo,
    help: "Ask for transactions to be announced, or ask for none to be. (default: as configured)"
  )
  var relay: Bool?

  @Flag(
    name: .customLong("another"),
    help: "Connect also where there is a connection of ours to the address, or one is being made."
  )
  var isAnother = false

  /// Creates the options for their parser.
  public init() {}

  /// Refuses a user agent that is too long.
  public func validate() throws {
    guard userAgent?.utf8.count ?? 0 <= ConnectTarget.userAgentLimit else {
      throw ValidationError("--user-agent is \(ConnectTarget.userAgentLimit) bytes at most.")
    }
  }

  /// A node with what they say.
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
