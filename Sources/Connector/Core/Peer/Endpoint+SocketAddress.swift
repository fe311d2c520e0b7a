import BitcoinWire
import EventLoop

extension Endpoint {
  /// The endpoint of a TCP socket; an IPv4-mapped IPv6 address as IPv4, fc00::/8 as CJDNS. Nil for a unix
  /// socket.
  init?(_ address: SocketAddress) {
    switch address {
    case .ipv4(let value, let port): self.init(.ipv4(value), port: port)
    case .ipv6(let high, let low, let port):
      let value = UInt128(high) << 64 | UInt128(low)
      self.init(high >> 56 == 0xfc ? .cjdns(value) : NetworkAddress.ipv6(value).unmapped, port: port)
    case .unix: return nil
    }
  }

  /// The address of a socket that reaches the endpoint directly; nil where only a proxy does.
  var socketAddress: SocketAddress? {
    switch address {
    case .ipv4(let value): .ipv4(value, port: port)
    case .ipv6(let value), .cjdns(let value):
      .ipv6(high: UInt64(value >> 64), low: UInt64(truncatingIfNeeded: value), port: port)
    case .torV2, .torV3, .i2p, .other: nil
    }
  }
}
