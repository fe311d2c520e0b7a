import BitcoinWire
import ControlProtocol

/// What a client wants a peer to be told of us. By reference: few connections have any.
final class Presentation {
  /// The services that we offer; nil for those configured.
  let services: ServiceFlags?

  /// The user agent; nil for the one configured.
  let userAgent: [UInt8]?

  /// Whether transactions are to be announced to us; nil for what is configured.
  let relay: Bool?

  /// Takes it from a connect; nil where it has nothing of its own.
  init?(_ target: ConnectTarget) {
    guard target.services != nil || target.userAgent != nil || target.relay != nil else { return nil }
    services = target.services
    userAgent = target.userAgent
    relay = target.relay
  }
}
