import Bytes

/// The nodes of an `addr` where they lie: nothing is read before it is asked for, and nothing is allocated.
public struct AddrView: ~Escapable {
  /// How many nodes there are, at most 1000.
  public let count: Int

  let nodes: RawSpan

  /// Looks at the payload of a message; only the count is read. What follows the nodes is not looked at.
  @_lifetime(copy payload)
  public init(_ payload: RawSpan) throws(WireError) {
    var reader = ByteReader(payload)
    try self.init(from: &reader)
  }

  /// Looks at the nodes that `reader` stands before, and moves it past them.
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

  /// The node at `index`, from 0; a precondition failure where there is none. Complexity: constant.
  public subscript(index: Int) -> KnownNode {
    precondition(index >= 0 && index < count)
    let offset = index * AddrMessage.nodeSize
    var reader = ByteReader(nodes.extracting(offset..<offset + AddrMessage.nodeSize))
    do throws(WireError) {
      return try KnownNode(legacyFrom: &reader)
    } catch {
      preconditionFailure("the bytes of a node are there: \(error)")
    }
  }
}
