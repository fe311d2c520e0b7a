import Bytes
import JSON

/// `addr`: lists addresses of nodes. At most 1000, of 30 bytes each: time, 4; services, 8; address, 16; port,
/// 2 big-endian. The form of versions before 31402, without the time, is not decoded.
public struct AddrMessage: MessagePayload {
  /// The most nodes in one message (`MAX_ADDR_TO_SEND`).
  public static let maximumCount = 1000

  /// Length of a node on the wire in bytes.
  public static let nodeSize = 30

  /// The nodes. An address that the old form cannot hold is encoded as zeros.
  public var nodes: [KnownNode]

  /// Creates a message with these nodes.
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

  /// Writes the nodes, with the network's names for services.
  public func write(to json: inout JSONWriter, in dialect: Dialect) { json.nodes(nodes, in: dialect) }

  /// Makes the message from the field `nodes`.
  public init(fields: inout FieldReader) throws(FieldError) {
    nodes = try fields.list("nodes", KnownNode.init(fields:))
  }

  /// The number of nodes.
  public func summary(in dialect: Dialect) -> String {
    "\(nodes.count)"
  }

  /// The fields that a user may write.
  public static let fields: [MessageField] = [.optional("nodes", "=ADDRESS:PORT,…")]

  /// Messages for tests, and seeds for fuzzing.
  public static let samples = [
    AddrMessage(nodes: [
      KnownNode(time: 1_700_000_000, services: [.network, .witness], endpoint: Endpoint("1.2.3.4:8333")!),
      KnownNode(time: 1, services: [], endpoint: Endpoint("[2001:db8::1]:18333")!),
    ]), AddrMessage(nodes: []),
  ]
}

extension Command {
  /// Lists addresses of nodes.
  public static let addr: Command = "addr"
}

extension MessageKind {
  /// `addr`.
  static let addr = MessageKind(.addr, Message.addr, limits: [("address count", AddrMessage.maximumCount)])
}
