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
    let count = try reader.count("address count", maximum: Self.maximumCount, size: Self.nodeSize)
    nodes = []
    nodes.reserveCapacity(count)
    for _ in 0..<count {
      let time = try reader.little(UInt32.self, "time")
      let services = ServiceFlags(rawValue: try reader.little(UInt64.self, "services"))
      let address = try NetworkAddress(legacyFrom: &reader)
      let endpoint = Endpoint(address, port: try reader.big(UInt16.self, "port"))
      nodes.append(KnownNode(time: time, services: services, endpoint: endpoint))
    }
  }

  /// Appends the nodes.
  public func append(to bytes: inout [UInt8]) {
    bytes.appendCompactSize(nodes.count)
    for node in nodes {
      bytes.appendLittle(node.time)
      bytes.appendLittle(node.services.rawValue)
      node.endpoint.address.appendLegacy(to: &bytes)
      bytes.appendBig(node.endpoint.port)
    }
  }

  /// Writes the nodes.
  public func write(to json: inout JSONWriter) { json.nodes(nodes) }
}
