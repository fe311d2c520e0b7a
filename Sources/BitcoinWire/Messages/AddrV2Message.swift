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
    let count = try reader.count("address count", maximum: Self.maximumCount, size: Self.minimumNodeSize)
    nodes = []
    nodes.reserveCapacity(count)
    for _ in 0..<count {
      let time = try reader.little(UInt32.self, "time")
      let services = ServiceFlags(rawValue: try reader.compactSize("services", maximum: .max))
      let address = try NetworkAddress(from: &reader)
      let endpoint = Endpoint(address, port: try reader.big(UInt16.self, "port"))
      nodes.append(KnownNode(time: time, services: services, endpoint: endpoint))
    }
  }

  /// Appends the nodes.
  public func append(to bytes: inout [UInt8]) {
    bytes.appendCompactSize(nodes.count)
    for node in nodes {
      bytes.appendLittle(node.time)
      bytes.appendCompactSize(node.services.rawValue)
      node.endpoint.address.append(to: &bytes)
      bytes.appendBig(node.endpoint.port)
    }
  }

  /// Writes the nodes.
  public func write(to json: inout JSONWriter) { json.nodes(nodes) }
}
