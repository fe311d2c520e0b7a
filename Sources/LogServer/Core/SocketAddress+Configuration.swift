import Configuration
import EventLoop

extension SocketAddress {
  /// Converts a configured TCP endpoint.
  init(_ endpoint: TCPEndpoint) {
    guard let address = SocketAddress(addressBytes: endpoint.address.bytes, port: endpoint.port) else {
      preconditionFailure("an IP address has 4 or 16 bytes")
    }
    self = address
  }
}
