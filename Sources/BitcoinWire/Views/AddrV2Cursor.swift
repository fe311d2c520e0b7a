import Bytes

/// The nodes of an `addrv2`, read one after another from where they lie. Nothing is allocated for a network that
/// BIP155 knows.
public struct AddrV2Cursor: ~Escapable {
  /// How many nodes are left; before the first `next`, how many there are, at most 1000.
  public private(set) var remaining: Int

  /// What is not read yet; when no node is left, what follows the nodes.
  private(set) var reader: ByteReader

  /// Looks at the payload of a message; only the count is read.
  @_lifetime(copy payload)
  public init(_ payload: RawSpan) throws(WireError) {
    try self.init(from: ByteReader(payload))
  }

  /// Looks at the nodes that `reader` stands before.
  @_lifetime(copy reader)
  init(from reader: consuming ByteReader) throws(WireError) {
    remaining = try reader.count(
      "address count",
      maximum: AddrV2Message.maximumCount,
      size: AddrV2Message.minimumNodeSize
    )
    self.reader = reader
  }

  /// Reads the next node; nil where all are read. After an error the message is of no more use.
  @_lifetime(self: copy self)
  public mutating func next() throws(WireError) -> KnownNode? {
    guard remaining > 0 else { return nil }
    let node = try KnownNode(from: &reader)
    remaining -= 1
    return node
  }
}
