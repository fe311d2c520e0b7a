import Bytes

/// The items of an `inv`, `getdata` or `notfound` where they lie: nothing is read before it is asked for, and
/// nothing is allocated.
public struct InventoryView: ~Escapable {
  /// How many items there are, at most 50,000.
  public let count: Int

  @usableFromInline let items: RawSpan

  /// Looks at the payload of a message; only the count is read. What follows the items is not looked at.
  @_lifetime(copy payload)
  public init(_ payload: RawSpan) throws(WireError) {
    var reader = ByteReader(payload)
    try self.init(from: &reader)
  }

  /// Looks at the items that `reader` stands before, and moves it past them.
  @_lifetime(copy reader)
  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader) throws(WireError) {
    count = try reader.count(
      "inventory count",
      maximum: InventoryMessage.maximumCount,
      size: InventoryItem.size
    )
    items = try reader.span(count * InventoryItem.size, "inventory")
  }

  /// The item at `index`, from 0; a precondition failure where there is none. Complexity: constant.
  @inlinable
  public subscript(index: Int) -> InventoryItem {
    precondition(index >= 0 && index < count)
    let offset = index * InventoryItem.size
    let type = items.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)
    return InventoryItem(
      InventoryType(rawValue: UInt32(littleEndian: type)),
      Hash256(Bytes32(items.extracting(offset + 4..<offset + InventoryItem.size)))
    )
  }
}
