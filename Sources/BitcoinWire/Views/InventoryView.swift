import Bytes

/// The items of an `inv`, `getdata` or `notfound`, in place: each is read on access, without an allocation.
public struct InventoryView: ~Escapable {
  /// The number of items, at most 50,000.
  public let count: Int

  @usableFromInline let items: RawSpan

  /// Opens the payload of a message; reads only the count. Ignores the bytes after the items.
  @_lifetime(copy payload)
  public init(_ payload: RawSpan) throws(WireError) {
    var reader = ByteReader(payload)
    try self.init(from: &reader)
  }

  /// Opens the items at the position of `reader`, and moves it past them.
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

  /// The item at `index`, from 0; traps if `index` is out of range. Complexity: constant.
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
