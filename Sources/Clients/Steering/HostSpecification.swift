import BitcoinWire

/// A node as a person writes it: `HOST`, `HOST:PORT`, where HOST is an address of any network or a name.
public struct HostSpecification: Hashable {
  /// Where to find it.
  public enum Host: Hashable {
    /// At this endpoint.
    case endpoint(Endpoint)
    /// At what the resolver says of the name.
    case name(String, port: UInt16)
  }

  /// The text as it was written.
  public let text: String

  /// Where to find it.
  public let host: Host

  /// Reads a text; nil where it is neither an address nor a name.
  public init?(_ text: String, defaultPort: UInt16) {
    self.text = text
    if let endpoint = Endpoint(text, defaultPort: defaultPort) {
      host = .endpoint(endpoint)
      return
    }
    var name = text[...]
    var port = defaultPort
    if let colon = text.lastIndex(of: ":") {
      guard let number = UInt16(text[text.index(after: colon)...]), number > 0 else { return nil }
      name = text[..<colon]
      port = number
    }
    guard Self.isName(name) else { return nil }
    host = .name(String(name), port: port)
  }

  private static func isName(_ text: Substring) -> Bool {
    guard (1...253).contains(text.utf8.count), text.contains(where: \.isLetter) else { return false }
    return text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
        true
      default: false
      }
    }
  }
}
