import Bytes

/// The kind of object that an inventory item names. Unknown kinds are kept.
public struct InventoryType: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  /// The number on the wire.
  public let rawValue: UInt32

  /// Creates a type from the number on the wire.
  @inlinable
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// A transaction by txid.
  public static let tx = InventoryType(rawValue: 1)
  /// A block.
  public static let block = InventoryType(rawValue: 2)
  /// A block filtered by the bloom filter (BIP37); only in `getdata`.
  public static let filteredBlock = InventoryType(rawValue: 3)
  /// A compact block (BIP152); only in `getdata`.
  public static let compactBlock = InventoryType(rawValue: 4)
  /// A transaction by wtxid (BIP339).
  public static let wtx = InventoryType(rawValue: 5)
  /// A transaction by txid, with its witness (BIP144); only in `getdata`.
  public static let witnessTx = InventoryType(rawValue: 1 << 30 | 1)
  /// A block with its witnesses (BIP144); only in `getdata`.
  public static let witnessBlock = InventoryType(rawValue: 1 << 30 | 2)

  /// The name, its words joined by `_`; `type N` if the type is unknown.
  public var description: String {
    switch self {
    case .tx: "tx"
    case .block: "block"
    case .filteredBlock: "filtered_block"
    case .compactBlock: "compact_block"
    case .wtx: "wtx"
    case .witnessTx: "witness_tx"
    case .witnessBlock: "witness_block"
    default: "type \(rawValue)"
    }
  }
}

/// An object that a peer announces, requests or lacks. 36 bytes on the wire.
public struct InventoryItem: Hashable, Sendable, CustomStringConvertible {
  /// Length on the wire in bytes.
  public static let size = 36

  /// The kind of object.
  public var type: InventoryType

  /// The object's hash in wire order.
  public var hash: Hash256

  /// Joins a type and a hash.
  @inlinable
  public init(_ type: InventoryType, _ hash: Hash256) {
    self.type = type
    self.hash = hash
  }

  /// Reads the type, 4 bytes little-endian, and the hash.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    type = InventoryType(rawValue: try reader.little(UInt32.self, "inventory type"))
    hash = try reader.hash("inventory hash")
  }

  /// Appends the 36 bytes.
  public func append(to bytes: inout [UInt8]) {
    bytes.appendLittle(type.rawValue)
    bytes.append(hash)
  }

  /// The type's name and the hash.
  public var description: String { "\(type) \(hash)" }

  /// Reads `type:hash`, or the fields `type` and `hash`.
  init(fields: inout FieldReader) throws(FieldError) {
    if let text = try fields.plainText() {
      let parts = text.split(separator: ":", maxSplits: 1)
      guard parts.count == 2, let type = fields.dialect.inventoryType(named: String(parts[0])),
        let hash = Hash256(String(parts[1]))
      else {
        throw fields.error(
          FieldReader.value,
          "is not written as type:hash (for example tx:HASH, wtx:HASH or block:HASH)"
        )
      }
      self.init(type, hash)
      return
    }
    let name = try fields.escaped("type").map { String(decoding: $0, as: UTF8.self) } ?? ""
    guard let type = fields.dialect.inventoryType(named: name) else {
      throw fields.error("type", "is not an inventory type")
    }
    self.init(type, try fields.requiredHash("hash"))
  }
}
