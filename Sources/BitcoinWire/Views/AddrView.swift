import Bytes

/// The nodes of an `addr`, in place: each is read on access, without an allocation.
public struct AddrView: ~Escapable {
  /// The number of nodes, at most 1000.
  public let count: Int

  let nodes: RawSpan

  /// Opens the payload of a message; reads only the count. Ignores the bytes after the nodes.
  @_lifetime(copy payload)
  public init(_ payload: RawSpan) throws(WireError) {
    var reader = ByteReader(payload)
    try self.init(from: &reader)
  }

  /// Opens the nodes at the position of `reader`, and moves it past them.
  @_lifetime(copy reader)
  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader) throws(WireError) {
    count = try reader.count(
      "address count",
      maximum: AddrMessage.maximumCount,
      size: AddrMessage.nodeSize
    )
    nodes = try reader.span(count * AddrMessage.nodeSize, "addresses")
  }

  /// The node at `index`, from 0; traps if `index` is out of range. Complexity: constant.
  public subscript(index: Int) -> KnownNode {
    precondition(index >= 0 && index < count)
    let offset = index * AddrMessage.nodeSize
    var reader = ByteReader(nodes.extracting(offset..<offset + AddrMessage.nodeSize))
    do throws(WireError) {
      return try KnownNode(legacyFrom: &reader)
    } catch {
      preconditionFailure("the node's length was checked: \(error)")
    }
  }
}
