import Bytes
import JSON

/// `addr`: tells addresses of nodes. At most 1000, of 30 bytes each: time, 4; services, 8; address, 16;
/// port, 2 big-endian. The form of before version 31402, without the time, is not read.
public struct AddrMessage: MessagePayload {
  /// The most nodes in one message (`MAX_ADDR_TO_SEND`).
  public static let maximumCount = 1000

  /// Length of a node on the wire in bytes.
  public static let nodeSize = 30

  /// The nodes. Those whose address the old form cannot say are written with an address of zeros.
  public var nodes: [KnownNode]

  /// Creates a message of these nodes.
  public init(nodes: [KnownNode]) { self.nodes = nodes }

  /// Reads the nodes.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    let view = try AddrView(from: &reader)
    nodes = []
    nodes.reserveCapacity(view.count)
    for index in 0..<view.count { nodes.append(view[index]) }
  }

  /// Appends the nodes.
  public func append(to bytes: inout [UInt8]) {
    bytes.reserveCapacity(bytes.count + 9 + nodes.count * Self.nodeSize)
    bytes.appendCompactSize(nodes.count)
    for node in nodes { node.appendLegacy(to: &bytes) }
  }

  /// Writes the nodes.
  public func write(to json: inout JSONWriter) { write(to: &json, in: .bitcoin) }

  /// Writes the nodes, with the names that their network has for services.
  func write(to json: inout JSONWriter, in dialect: Dialect) { json.nodes(nodes, in: dialect) }
}
