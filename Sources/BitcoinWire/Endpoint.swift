/// An address and a port: the place a node listens on, or one end of a connection.
public struct Endpoint: Hashable, Sendable, LosslessStringConvertible {
  /// The address, of any network.
  public var address: NetworkAddress

  /// The port; 0 for I2P, which has no ports.
  public var port: UInt16

  /// Joins an address and a port.
  @inlinable
  public init(_ address: NetworkAddress, port: UInt16) {
    self.address = address
    self.port = port
  }

  /// `1.2.3.4:8333`, `[2001:db8::1]:8333`, `….onion:8333`, `….b32.i2p:0`.
  public var description: String {
    let host = address.description
    return host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
  }

  /// Parses the text form with its port; nil for any other text.
  public init?(_ description: String) { self.init(description, defaultPort: nil) }

  /// Parses the text form. With a `defaultPort`, the text may omit the port, and then the brackets of an IPv6
  /// address too. Nil for any other text.
  public init?(_ text: String, defaultPort: UInt16?) {
    if let defaultPort, let address = NetworkAddress(Self.withoutBrackets(text)) {
      self.init(address, port: defaultPort)
      return
    }
    guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")),
      let port = IPAddressText.decimal(text.utf8[text.utf8.index(after: colon)...], maximum: Int(UInt16.max))
    else { return nil }
    let host = String(text[..<colon])
    let bare = Self.withoutBrackets(host)
    // The last colon separates the port, so an address that contains colons needs its brackets.
    guard bare.utf8.contains(UInt8(ascii: ":")) == (bare != host), let address = NetworkAddress(bare) else {
      return nil
    }
    self.init(address, port: UInt16(port))
  }

  private static func withoutBrackets(_ host: String) -> String {
    guard host.hasPrefix("["), host.hasSuffix("]"), host.utf8.contains(UInt8(ascii: ":")) else { return host }
    return String(host.dropFirst().dropLast())
  }
}
