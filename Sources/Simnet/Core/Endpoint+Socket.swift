import BitcoinWire
import EventLoop

extension Endpoint {
  /// Creates the endpoint of a socket address; `[::]:0` for a unix socket.
  init(_ address: SocketAddress) {
    switch address {
    case .ipv4(let value, let port): self.init(.ipv4(value), port: port)
    case .ipv6(let high, let low, let port):
      self.init(.ipv6(UInt128(high) << 64 | UInt128(low)), port: port)
    case .unix: self.init(.ipv6(0), port: 0)
    }
  }
}
