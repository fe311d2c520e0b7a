import BitcoinWire
import EventLoop

extension Endpoint {
  /// The endpoint of a TCP socket; nil for a unix socket. IPv4-mapped IPv6 addresses become IPv4, fc00::/8
  /// becomes CJDNS.
  init?(_ address: SocketAddress) {
    switch address {
    case .ipv4(let value, let port): self.init(.ipv4(value), port: port)
    case .ipv6(let high, let low, let port):
      let value = UInt128(high) << 64 | UInt128(low)
      self.init(high >> 56 == 0xfc ? .cjdns(value) : NetworkAddress.ipv6(value).unmapped, port: port)
    case .unix: return nil
    }
  }

  /// The socket address for a direct connection; nil if only a proxy reaches the endpoint.
  var socketAddress: SocketAddress? {
    switch address {
    case .ipv4(let value): .ipv4(value, port: port)
    case .ipv6(let value), .cjdns(let value):
      .ipv6(high: UInt64(value >> 64), low: UInt64(truncatingIfNeeded: value), port: port)
    case .torV2, .torV3, .i2p, .other: nil
    }
  }
}
