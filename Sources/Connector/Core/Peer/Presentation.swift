import BitcoinWire
import ControlProtocol

/// The parts of our `version` that a client chose for a connect. A class, as few connections have one.
final class Presentation {
  /// The services that we offer; nil for the configured ones.
  let services: ServiceFlags?

  /// The user agent; nil for the configured one.
  let userAgent: [UInt8]?

  /// Whether the peer should announce transactions to us (BIP37); nil for the configured choice.
  let relay: Bool?

  /// Copies a connect's choices; nil if it has none.
  init?(_ target: ConnectTarget) {
    guard target.services != nil || target.userAgent != nil || target.relay != nil else { return nil }
    services = target.services
    userAgent = target.userAgent
    relay = target.relay
  }
}
