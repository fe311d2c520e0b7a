/// How the messages of a coin's network differ from Bitcoin's: which of them have a layout, or a meaning, that
/// Bitcoin's decoders would misread, and what its numbers are called.
///
/// Such messages stay bytes (`Message.unknown`); all others (the handshake, addresses, announcements, pings)
/// are decoded as on Bitcoin. What could not be shown equal in the coin's own source is left as bytes.
public struct Dialect: Hashable, Sendable, CustomStringConvertible {
  /// Which transactions are laid out as Bitcoin's.
  public enum Transactions: Hashable, Sendable {
    /// All: with the marker 0 and flag 1 before the inputs of those with witnesses (BIP144).
    case bitcoin
    /// Those that have no flag but 1: Litecoin's flag 8 says that an extension block's part follows.
    case witnessFlagOnly
    /// Those with inputs: where there are no witnesses, 0 is a count of inputs and no marker.
    case withoutMarker
    /// Those with inputs and of type 0: the version is 16 bits and a type of 16, and special types (DIP2)
    /// have a payload after the lock time.
    case ordinaryType
  }

  /// The name used in configuration.
  public let name: String

  /// Commands whose payload is kept as bytes.
  public let opaqueCommands: Set<Command>

  /// Which payloads of `tx` are decoded; the others are kept as bytes.
  public let transactions: Transactions

  /// Names of inventory types, where they are other than Bitcoin's, by number.
  public let inventoryNames: [UInt32: String]

  /// Names of service bits, where they are other than Bitcoin's, by place from 0.
  public let serviceNames: [Int: String]

  /// Describes a dialect.
  public init(
    name: String,
    opaqueCommands: Set<Command> = [],
    transactions: Transactions = .bitcoin,
    inventoryNames: [UInt32: String] = [:],
    serviceNames: [Int: String] = [:]
  ) {
    self.name = name
    self.opaqueCommands = opaqueCommands
    self.transactions = transactions
    self.inventoryNames = inventoryNames
    self.serviceNames = serviceNames
  }

  /// The dialect with this name; nil where there is none.
  public init?(named name: String) {
    guard let dialect = Self.all.first(where: { $0.name == name }) else { return nil }
    self = dialect
  }

  /// The dialect of the network in the table that has this magic; Bitcoin's where there is none.
  public init(magic: UInt32) { self = Self.byMagic[magic] ?? .bitcoin }

  /// The name.
  public var description: String { name }

  /// Whether this payload is kept as bytes.
  public func isOpaque(_ command: Command, payload: RawSpan) -> Bool {
    if !opaqueCommands.isEmpty, opaqueCommands.contains(command) { return true }
    guard transactions != .bitcoin, command == .tx, payload.byteCount >= 6 else { return false }
    let marker = payload.unsafeLoad(fromByteOffset: 4, as: UInt8.self)
    let flags = payload.unsafeLoad(fromByteOffset: 5, as: UInt8.self)
    switch transactions {
    case .bitcoin: return false
    case .witnessFlagOnly: return marker == 0 && flags > 1
    case .withoutMarker: return marker == 0
    case .ordinaryType:
      return marker == 0 || payload.unsafeLoadUnaligned(fromByteOffset: 2, as: UInt16.self) != 0
    }
  }

  /// What an inventory type is called.
  public func name(of type: InventoryType) -> String { inventoryNames[type.rawValue] ?? type.description }

  /// The inventory type of a name, whatever its case, or of a number.
  public func inventoryType(named name: String) -> InventoryType? {
    let name = name.lowercased()
    if let number = UInt32(name.hasPrefix("type ") ? String(name.dropFirst(5)) : name) {
      return InventoryType(rawValue: number)
    }
    let known: [InventoryType] = [
      .tx, .block, .filteredBlock, .compactBlock, .wtx, .witnessTx, .witnessBlock,
    ]
    let own = inventoryNames.keys.map { InventoryType(rawValue: $0) }
    return (own + known).first { self.name(of: $0).lowercased() == name }
  }

  /// What services are called, one name a bit, lowest first.
  public func names(of services: ServiceFlags) -> [String] {
    let bits = (0..<64).filter { services.rawValue >> $0 & 1 == 1 }
    return bits.map { serviceNames[$0] ?? ServiceFlags.name(bit: $0) }
  }

  /// The commands that begin with a header which the proof of another chain's block may follow.
  static let mergeMined: Set<Command> = [.headers, .block, .merkleblock, .cmpctblock]

  private static let byMagic = Dictionary(uniqueKeysWithValues: Network.all.map { ($0.magic, $0.dialect) })
}
