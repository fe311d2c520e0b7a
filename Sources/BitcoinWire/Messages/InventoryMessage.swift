import Bytes
import JSON

/// `inv`, `getdata` and `notfound`: a list of at most 50,000 items of 36 bytes.
public struct InventoryMessage: MessagePayload {
  /// The most items in one message (`MAX_INV_SZ`).
  public static let maximumCount = 50_000

  /// The items, in the sender's order.
  public var items: [InventoryItem]

  /// Creates a message with these items.
  public init(items: [InventoryItem]) { self.items = items }

  /// Reads the items.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    let view = try InventoryView(from: &reader)
    items = [InventoryItem](unsafeUninitializedCapacity: view.count) { items, count in
      for index in 0..<view.count { items.initializeElement(at: index, to: view[index]) }
      count = view.count
    }
  }

  /// Appends the items.
  public func append(to bytes: inout [UInt8]) {
    bytes.reserveCapacity(bytes.count + 9 + items.count * InventoryItem.size)
    bytes.appendCompactSize(items.count)
    for item in items { item.append(to: &bytes) }
  }

  /// Writes the items, with the network's names for types.
  public func write(to json: inout JSONWriter, in dialect: Dialect) {
    json.objects("items", items) { json, item in
      json.member("type", dialect.name(of: item.type))
      json.member("hash", item.hash)
    }
  }

  /// Makes the message from the field `items`.
  public init(fields: inout FieldReader) throws(FieldError) {
    items = try fields.list("items") { (item: inout FieldReader) throws(FieldError) in
      try InventoryItem(fields: &item)
    }
  }

  /// The number of items of each type, in order of first appearance and for at most eight types, and the
  /// first hash.
  public func summary(in dialect: Dialect) -> String {
    var types: [(type: InventoryType, count: Int)] = []
    for item in items {
      if let index = types.firstIndex(where: { $0.type == item.type }) {
        types[index].count += 1
      } else if types.count < 8 {
        types.append((item.type, 1))
      }
    }
    guard let first = items.first else { return "0" }
    let counts = types.map { "\($0.count) \(dialect.name(of: $0.type))" }.joined(separator: " ")
    return "\(counts) \(first.hash.abbreviation)"
  }

  /// The fields that a user may write.
  public static let fields: [MessageField] = [
    .optional(
      "items",
      "=TYPE:HASH,…  (tx, wtx, block, witness_tx, witness_block, compact_block, filtered_block, a number)"
    )
  ]

  /// Messages for tests, and seeds for fuzzing.
  public static let samples = [
    InventoryMessage(items: [InventoryItem(.wtx, BlockHeader.sample.merkleRoot)]),
    InventoryMessage(items: [InventoryItem(.witnessBlock, BlockHeader.sample.hash)]),
    InventoryMessage(items: [InventoryItem(InventoryType(rawValue: 77), .zero)]),
  ]
}

extension Command {
  /// Announces transactions and blocks.
  public static let inv: Command = "inv"
  /// Requests transactions and blocks.
  public static let getdata: Command = "getdata"
  /// Lists the items of a `getdata` that the sender lacks.
  public static let notfound: Command = "notfound"
}

extension MessageKind {
  /// `inv`.
  static let inv = MessageKind(
    .inv,
    Message.inv,
    limits: [("inventory count", InventoryMessage.maximumCount)]
  )

  /// `getdata`.
  static let getdata = MessageKind(
    .getdata,
    Message.getdata,
    limits: [("inventory count", InventoryMessage.maximumCount)]
  )

  /// `notfound`.
  static let notfound = MessageKind(
    .notfound,
    Message.notfound,
    since: 70001,
    limits: [("inventory count", InventoryMessage.maximumCount)]
  )
}
