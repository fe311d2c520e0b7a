import BitcoinWire

/// A node on a command line: `HOST` or `HOST:PORT`. HOST is an address of any network, or a name.
public struct HostSpecification: Hashable {
  /// A node's address or name.
  public enum Host: Hashable {
    /// An address with its port.
    case endpoint(Endpoint)
    /// A name to resolve, with the port.
    case name(String, port: UInt16)
  }

  /// The text as the user wrote it.
  public let text: String

  /// The parsed address or name.
  public let host: Host

  /// Parses a text; nil if it is neither an address nor a name.
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
