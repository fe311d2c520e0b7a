/// The differences between the messages of a coin's network and Bitcoin's: the messages that Bitcoin's
/// decoders would misread, and the coin's names for inventory types and services.
///
/// Messages that differ stay bytes (`Message.unknown`). All others (the handshake, addresses, announcements,
/// pings) are decoded as on Bitcoin. A message stays bytes unless the coin's own source shows that it is
/// equal to Bitcoin's.
public struct Dialect: Hashable, Sendable, CustomStringConvertible {
  /// The transactions with Bitcoin's layout.
  public enum Transactions: Hashable, Sendable {
    /// All, with the marker 0 and the flag 1 before the inputs if there are witnesses (BIP144).
    case bitcoin
    /// Transactions without flags other than 1. Litecoin's flag 8 marks a part of an extension block.
    case witnessFlagOnly
    /// Transactions with inputs. Without witnesses, a 0 is the input count, not a marker.
    case withoutMarker
    /// Transactions with inputs and of type 0. The first four bytes are a 16-bit version and a 16-bit type,
    /// and special types (DIP2) have a payload after the lock time.
    case ordinaryType
  }

  /// The name used in configuration.
  public let name: String

  /// The commands of payloads that are kept as bytes.
  public let opaqueCommands: Set<Command>

  /// The `tx` payloads that are decoded; others are kept as bytes.
  public let transactions: Transactions

  /// The coin's own names of inventory types, by number; others have Bitcoin's names.
  public let inventoryNames: [UInt32: String]

  /// The coin's own names of service bits, by bit number from 0; others have Bitcoin's names.
  public let serviceNames: [Int: String]

  /// Creates a dialect.
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

  /// The dialect with this name; nil if there is none.
  public init?(named name: String) {
    guard let dialect = Self.all.first(where: { $0.name == name }) else { return nil }
    self = dialect
  }

  /// The dialect of the listed network with this magic; Bitcoin's if there is none.
  public init(magic: UInt32) { self = Self.byMagic[magic] ?? .bitcoin }

  /// The name used in configuration.
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

  /// The network's name of an inventory type.
  public func name(of type: InventoryType) -> String { inventoryNames[type.rawValue] ?? type.description }

  /// The inventory type with a name, in either case, or a number; nil if no type has the name.
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

  /// The network's names of services, one for each set bit, lowest first.
  public func names(of services: ServiceFlags) -> [String] {
    let bits = (0..<64).filter { services.rawValue >> $0 & 1 == 1 }
    return bits.map { serviceNames[$0] ?? ServiceFlags.name(bit: $0) }
  }

  /// Commands that begin with a header. In merge-mined coins, the proof of another chain's block may follow
  /// the header.
  static let mergeMined: Set<Command> = [.headers, .block, .merkleblock, .cmpctblock]

  private static let byMagic = Dictionary(uniqueKeysWithValues: Network.all.map { ($0.magic, $0.dialect) })
}
