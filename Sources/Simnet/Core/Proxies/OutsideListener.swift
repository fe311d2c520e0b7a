import BitcoinWire
import EventLoop

/// A listener that is none of the simulated nodes, and is on this machine: there are none elsewhere, so that a proxy
/// cannot lead beyond loopback, whatever it is asked for.
public struct OutsideListener: Hashable, Sendable {
  /// Where it listens: in 127.0.0.0/8, or at ::1.
  public let endpoint: Endpoint

  /// Takes an endpoint that is on loopback and has a port; nil for any other.
  public init?(_ endpoint: Endpoint) {
    switch endpoint.address {
    case .ipv4(let address) where address >> 24 == 127: break
    case .ipv6(1): break
    default: return nil
    }
    guard endpoint.port > 0 else { return nil }
    self.endpoint = endpoint
  }

  /// The socket's address.
  var address: SocketAddress {
    if case .ipv4(let address) = endpoint.address { return .ipv4(address, port: endpoint.port) }
    return .ipv6(high: 0, low: 1, port: endpoint.port)
  }

  /// What leads to it: an address and the listener, as the command line has them.
  ///
  /// - Parameter text: `ADDRESS:PORT=HOST:PORT`, the latter on loopback; nil for any other.
  public static func pair(_ text: String) -> (name: Endpoint, listener: OutsideListener)? {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, let name = Endpoint(parts[0]), name.port > 0 || name.address.network == .i2p,
      let listener = Endpoint(parts[1]).flatMap(OutsideListener.init)
    else { return nil }
    return (Endpoint(name.address.unmapped, port: name.port), listener)
  }
}
