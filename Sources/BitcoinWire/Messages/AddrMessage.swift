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

  /// Writes the nodes, with the names that their network has for services.
  public func write(to json: inout JSONWriter, in dialect: Dialect) { json.nodes(nodes, in: dialect) }

  /// Takes the nodes.
  public init(fields: inout FieldReader) throws(FieldError) {
    nodes = try fields.list("nodes", KnownNode.init(fields:))
  }

  /// How many nodes there are.
  public func summary(in dialect: Dialect) -> String {
    "\(nodes.count)"
  }

  /// What a person may write of it.
  public static let fields: [MessageField] = [.optional("nodes", "=ADDRESS:PORT,…")]

  /// For tests and fuzzing.
  public static let samples = [
    AddrMessage(nodes: [
      KnownNode(time: 1_700_000_000, services: [.network, .witness], endpoint: Endpoint("1.2.3.4:8333")!),
      KnownNode(time: 1, services: [], endpoint: Endpoint("[2001:db8::1]:18333")!),
    ]), AddrMessage(nodes: []),
  ]
}

extension Command {
  /// Tells addresses of nodes.
  public static let addr: Command = "addr"
}

extension MessageKind {
  /// `addr`.
  static let addr = MessageKind(.addr, Message.addr, limits: [("address count", AddrMessage.maximumCount)])
}
