import Bytes
import JSON

/// `addrv2`: tells addresses of nodes in any network (BIP155). At most 1000, each: time, 4; services,
/// CompactSize; network, 1; address, CompactSize length of at most 512 and bytes; port, 2 big-endian.
public struct AddrV2Message: MessagePayload {
  /// The most nodes in one message (`MAX_ADDR_TO_SEND`).
  public static let maximumCount = 1000

  /// The least length of a node on the wire in bytes.
  public static let minimumNodeSize = 9

  /// The nodes; those of unknown networks too.
  public var nodes: [KnownNode]

  /// Creates a message of these nodes.
  public init(nodes: [KnownNode]) { self.nodes = nodes }

  /// Reads the nodes.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    var cursor = try AddrV2Cursor(from: reader)
    nodes = []
    nodes.reserveCapacity(cursor.remaining)
    while let node = try cursor.next() { nodes.append(node) }
    reader = cursor.reader
  }

  /// Appends the nodes.
  public func append(to bytes: inout [UInt8]) {
    bytes.reserveCapacity(bytes.count + 9 + nodes.count * 24)
    bytes.appendCompactSize(nodes.count)
    for node in nodes { node.append(to: &bytes) }
  }

  /// Writes the nodes.
  public func write(to json: inout JSONWriter) { write(to: &json, in: .bitcoin) }

  /// Writes the nodes, with the names that their network has for services.
  func write(to json: inout JSONWriter, in dialect: Dialect) { json.nodes(nodes, in: dialect) }
}
