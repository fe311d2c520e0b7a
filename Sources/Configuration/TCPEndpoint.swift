/// An address and a port to listen on or connect to.
public struct TCPEndpoint: Hashable, Sendable, CustomStringConvertible {
  /// The address.
  public let address: IPAddress

  /// The port; for listening, 0 lets the system choose.
  public let port: UInt16

  /// Creates an endpoint.
  public init(address: IPAddress, port: UInt16) {
    self.address = address
    self.port = port
  }

  /// Parses "127.0.0.1:8335" or "[::1]:8335"; nil if it is neither.
  public init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":") else { return nil }
    let digits = text[text.index(after: colon)...]
    guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), let port = UInt16(digits) else { return nil }
    var host = text[..<colon]
    let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
    if isBracketed { host = host.dropFirst().dropLast() }
    guard let address = IPAddress(String(host)), address.isIPv4 != isBracketed else { return nil }
    self.init(address: address, port: port)
  }

  /// The usual notation, "127.0.0.1:8335" or "[::1]:8335".
  public var description: String {
    address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
  }
}
