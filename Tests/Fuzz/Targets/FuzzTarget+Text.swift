import BitcoinWire
import Bytes
import Observations

extension FuzzTarget {
  /// Addresses on the wire, in Bitcoin's two forms and in ours. A decoded address encodes to the same bytes,
  /// and its text parses to the same address.
  static func address(_ bytes: RawSpan) throws(Finding) {
    try expectWritten(bytes, bip155)
    try expectWritten(bytes, legacy)
    try expectWritten(bytes, ours)
  }

  /// A decoded endpoint, its length in bytes, and its encoding.
  private struct Form {
    let endpoint: Endpoint
    let size: Int
    let written: [UInt8]
  }

  private static func bip155(_ bytes: RawSpan) throws(WireError) -> Form {
    var reader = ByteReader(bytes)
    let address = try NetworkAddress(from: &reader)
    var written: [UInt8] = []
    address.append(to: &written)
    return Form(endpoint: Endpoint(address, port: 8333), size: reader.offset, written: written)
  }

  private static func legacy(_ bytes: RawSpan) throws(WireError) -> Form {
    var reader = ByteReader(bytes)
    let address = try NetworkAddress(legacyFrom: &reader)
    var written: [UInt8] = []
    address.appendLegacy(to: &written)
    return Form(endpoint: Endpoint(address, port: 0), size: reader.offset, written: written)
  }

  private static func ours(_ bytes: RawSpan) throws(WireError) -> Form {
    var reader = ByteReader(bytes)
    let endpoint = try reader.endpoint("endpoint")
    var written: [UInt8] = []
    written.appendEndpoint(endpoint)
    return Form(endpoint: endpoint, size: reader.offset, written: written)
  }

  private static func expectWritten(
    _ bytes: RawSpan,
    _ read: (RawSpan) throws(WireError) -> Form
  ) throws(Finding) {
    let form: Form
    do throws(WireError) {
      form = try read(bytes)
    } catch {
      try expectExplained(error, in: bytes)
      return
    }
    try expect(
      form.written == Array(bytes.extracting(first: form.size)),
      "\(form.endpoint) is written as it was: \(form.written)"
    )
    try expectText(of: form.endpoint)
  }

  /// Texts that operators and files write: an endpoint, a hash, a command. A parsed value prints as a text
  /// that parses to the same value.
  static func text(_ bytes: RawSpan) throws(Finding) {
    let text = String(decoding: Array(bytes), as: UTF8.self)
    for endpoint in [Endpoint(text), Endpoint(text, defaultPort: 8333)] {
      guard let endpoint else { continue }
      try expect(Endpoint(endpoint.description) == endpoint, "\(endpoint) reads as it prints: \(text)")
      try expectText(of: endpoint)
    }
    if let hash = Hash256(text) { try expect(Hash256("\(hash)") == hash, "\(hash) reads as it prints") }
    if let command = Command(text) {
      try expect(command.isValid, "\(text) is a valid command")
      try expect(command.bytes.starts(with: text.utf8), "\(text) is its command's bytes")
    }
  }

  /// Escaped bytes are one line, and can be unescaped to the same bytes.
  static func escape(_ bytes: RawSpan) throws(Finding) {
    let bytes = Array(bytes)
    for text in [EscapedText.ascii(bytes), EscapedText.utf8(bytes)] {
      try expectLine(text, of: "an escaped text")
      try expect(unescaped(text) == bytes, "an escaped text tells its bytes: \(text)")
    }
  }

  /// The text of an endpoint is one line and parses to the same address. The address may then be of another
  /// network (IPv4 for IPv6, or CJDNS).
  private static func expectText(of endpoint: Endpoint) throws(Finding) {
    let text = endpoint.description
    try expectLine(text, of: "an endpoint")
    guard let again = Endpoint(text) else { throw Finding("\(text) is read again") }
    try expect(Endpoint(again.description) == again, "\(again), read from \(text), reads as it prints")
    let same = [endpoint.address, endpoint.address.unmapped].contains(again.address)
    try expect(
      again.port == endpoint.port && (same || isAlias(again.address, endpoint.address)),
      "\(text) is itself"
    )
    for address in [endpoint.address, again.address] where address.isLoopback {
      try expect(!address.isRoutable, "\(address), this machine, is not elsewhere")
    }
  }

  /// Whether two addresses are the same 16 bytes in different networks.
  private static func isAlias(_ one: NetworkAddress, _ other: NetworkAddress) -> Bool {
    let networks: [NetworkID] = [.ipv6, .cjdns]
    guard networks.contains(other.network) else { return false }
    return NetworkAddress(network: .ipv6, bytes: other.bytes)?.unmapped == one
      || networks.contains(one.network) && one.bytes == other.bytes
  }

  /// Unescapes a text; nil if it is not an escaped text.
  private static func unescaped(_ text: String) -> [UInt8]? {
    var result: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\") else {
        result.append(byte)
        continue
      }
      switch rest.popFirst() {
      case UInt8(ascii: "\\"): result.append(byte)
      case UInt8(ascii: "x"):
        guard let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
          return nil
        }
        result.append(value)
        rest = rest.dropFirst(2)
      default: return nil
      }
    }
    return result
  }
}
