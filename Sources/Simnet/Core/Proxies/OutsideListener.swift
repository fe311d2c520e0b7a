import BitcoinWire
import EventLoop

/// A listener on loopback that is not a simulated node. The type excludes all other listeners, so that a
/// proxy cannot lead beyond loopback, whatever a client requests.
public struct OutsideListener: Hashable, Sendable {
  /// Its endpoint, in 127.0.0.0/8 or at ::1.
  public let endpoint: Endpoint

  /// Creates a listener at an endpoint; nil if that is not on loopback or has port 0.
  public init?(_ endpoint: Endpoint) {
    switch endpoint.address {
    case .ipv4(let address) where address >> 24 == 127: break
    case .ipv6(1): break
    default: return nil
    }
    guard endpoint.port > 0 else { return nil }
    self.endpoint = endpoint
  }

  /// The endpoint as a socket address.
  var address: SocketAddress {
    if case .ipv4(let address) = endpoint.address { return .ipv4(address, port: endpoint.port) }
    return .ipv6(high: 0, low: 1, port: endpoint.port)
  }

  /// Parses a command-line argument: an address, and the listener that the proxies connect it to.
  ///
  /// - Parameter text: `ADDRESS:PORT=HOST:PORT` with HOST on loopback; nil for any other text.
  public static func pair(_ text: String) -> (name: Endpoint, listener: OutsideListener)? {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, let name = Endpoint(parts[0]), name.port > 0 || name.address.network == .i2p,
      let listener = Endpoint(parts[1]).flatMap(OutsideListener.init)
    else { return nil }
    return (Endpoint(name.address.unmapped, port: name.port), listener)
  }
}
