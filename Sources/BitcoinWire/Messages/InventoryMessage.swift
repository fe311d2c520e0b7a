import Bytes
import JSON

/// `inv`, `getdata` and `notfound`: a list of at most 50,000 items of 36 bytes.
public struct InventoryMessage: MessagePayload {
  /// The most items in one message (`MAX_INV_SZ`).
  public static let maximumCount = 50_000

  /// The items, in the sender's order.
  public var items: [InventoryItem]

  /// Creates a message of these items.
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

  /// Writes the items.
  public func write(to json: inout JSONWriter) { write(to: &json, in: .bitcoin) }

  /// Writes the items, with the names that their network has for types.
  func write(to json: inout JSONWriter, in dialect: Dialect) {
    json.objects("items", items) { json, item in
      json.member("type", dialect.name(of: item.type))
      json.member("hash", item.hash)
    }
  }
}
