import Bytes

/// Reads the nodes of an `addrv2` one by one, in place. No allocation for networks that BIP155 defines.
public struct AddrV2Cursor: ~Escapable {
  /// The number of nodes not read yet; before the first `next`, the total, at most 1000.
  public private(set) var remaining: Int

  /// The bytes not read yet; after the last node, the bytes after the nodes.
  private(set) var reader: ByteReader

  /// Opens the payload of a message; reads only the count.
  @_lifetime(copy payload)
  public init(_ payload: RawSpan) throws(WireError) {
    try self.init(from: ByteReader(payload))
  }

  /// Opens the nodes at the position of `reader`.
  @_lifetime(copy reader)
  init(from reader: consuming ByteReader) throws(WireError) {
    remaining = try reader.count(
      "address count",
      maximum: AddrV2Message.maximumCount,
      size: AddrV2Message.minimumNodeSize
    )
    self.reader = reader
  }

  /// Reads the next node; nil after the last one. Do not call it again after an error.
  @_lifetime(self: copy self)
  public mutating func next() throws(WireError) -> KnownNode? {
    guard remaining > 0 else { return nil }
    let node = try KnownNode(from: &reader)
    remaining -= 1
    return node
  }
}
