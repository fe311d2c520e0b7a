/// An address and a port: where a node listens or a connection ends.
public struct Endpoint: Hashable, Sendable, LosslessStringConvertible {
  /// The address, of any network.
  public var address: NetworkAddress

  /// The port; 0 for I2P, which has none.
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

  /// Reads the text form, the port included; nil where it is not one.
  public init?(_ description: String) { self.init(description, defaultPort: nil) }

  /// Reads the text form, in which the port, and then an IPv6 address's brackets, may be left out
  /// if there is a `defaultPort`; nil where it is not one.
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
    // A colon in an address would be taken for the port's: such addresses need their brackets.
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
