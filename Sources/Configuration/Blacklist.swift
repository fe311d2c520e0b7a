/// A list of addresses that are neither dialled nor accepted.
///
/// An IPv4 address and its IPv6 form (`::ffff:0:0/96`) are the same here.
public struct Blacklist: Equatable, Sendable {
  /// The length of a prefix, for each address family.
  private struct Prefix: Hashable {
    let isIPv4: Bool
    let length: Int
  }

  /// The leading bits of the entries, padded with zeros, by prefix length.
  private var entries: [Prefix: Set<UInt128>] = [:]

  /// Creates an empty list.
  public init() {}

  /// Reads a list. Each line has an IPv4 or IPv6 address, or a network as address/bits.
  ///
  /// A `#` begins a comment. Empty lines are ignored.
  ///
  /// - Parameters:
  ///   - text: the list.
  ///   - file: its name, for errors.
  /// - Throws: an error with a problem for each malformed line.
  public init(text: String, file: String) throws(ConfigurationError) {
    var problems: [ConfigurationError.Problem] = []
    let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
    for (index, line) in lines.enumerated() {
      let entry = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      if entry.isEmpty || insert(entry) { continue }
      problems.append(
        ConfigurationError.Problem(
          .syntax,
          origin: .file(file, line: index + 1),
          key: nil,
          reason: "\"\(entry)\" is neither an address nor a network",
          remedy: "write one address on each line, like 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32"
        )
      )
    }
    if !problems.isEmpty { throw ConfigurationError(problems) }
  }

  /// Reads a list from a file.
  ///
  /// - Throws: an error with a problem for each malformed line, or of kind `missingFile` or `unreadableFile`.
  public init(file: String) throws(ConfigurationError) {
    let text = try TextFile.read(file, what: "blacklist", remedy: "create it, or remove connector.blacklist")
    try self.init(text: text, file: file)
  }

  /// The number of different addresses and networks.
  public var count: Int { entries.values.reduce(0) { $0 + $1.count } }

  /// Whether an address is listed or in a listed network.
  ///
  /// The address has 4 or 16 bytes in network order; any other length returns false. Complexity: one look-up
  /// for each prefix length in the list.
  public func contains(_ address: [UInt8]) -> Bool {
    if entries.isEmpty { return false }
    guard let (bits, isIPv4) = Self.bits(of: address) else { return false }
    return entries.contains { prefix, members in
      prefix.isIPv4 == isIPv4 && members.contains(Self.leading(prefix.length, of: bits))
    }
  }

  /// Adds an address or a network. Returns false if the text is neither.
  private mutating func insert(_ entry: String) -> Bool {
    let parts = entry.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let address = IPAddress(String(parts[0])) else { return false }
    guard let (bits, isIPv4) = Self.bits(of: address.bytes) else { return false }
    var length = address.bytes.count * 8
    if parts.count == 2 {
      guard let given = UInt8(parts[1]), given <= length else { return false }
      length = Int(given)
    }
    if isIPv4, !address.isIPv4 {
      // A network of IPv4-mapped addresses: its first 96 bits are the mapping.
      guard length >= 96 else { return false }
      length -= 96
    }
    entries[Prefix(isIPv4: isIPv4, length: length), default: []].insert(Self.leading(length, of: bits))
    return true
  }

  /// The address as the upper bits of a number: 32 for IPv4, 128 for IPv6.
  private static func bits(of address: [UInt8]) -> (bits: UInt128, isIPv4: Bool)? {
    let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
    switch address.count {
    case 4: return (number(address[...]) << 96, true)
    case 16 where address.starts(with: mapped): return (number(address[12...]) << 96, true)
    case 16: return (number(address[...]), false)
    default: return nil
    }
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt128 {
    bytes.reduce(0) { $0 << 8 | UInt128($1) }
  }

  private static func leading(_ length: Int, of bits: UInt128) -> UInt128 {
    length == 0 ? 0 : bits & (UInt128.max << UInt128(128 - length))
  }
}
