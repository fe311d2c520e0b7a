import Bytes
import JSON

/// `addrv2`: lists addresses of nodes in any network (BIP155). At most 1000, each: time, 4; services,
/// CompactSize; network, 1; address, CompactSize length of at most 512 and bytes; port, 2 big-endian.
public struct AddrV2Message: MessagePayload {
  /// The most nodes in one message (`MAX_ADDR_TO_SEND`).
  public static let maximumCount = 1000

  /// The minimum length of a node on the wire in bytes.
  public static let minimumNodeSize = 9

  /// The nodes, including those of unknown networks.
  public var nodes: [KnownNode]

  /// Creates a message with these nodes.
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
    AddrV2Message(
      nodes: AddrMessage.samples[0].nodes
        + [
          "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion:8333",
          "ukeu3k5oycgaauneqgtnvselmt4yemvoilkln7jpvamvfx7dnkdq.b32.i2p:0",
          "[fc11:f769:16e6:3611:58ae:1d4a:fcf7:57a4]:8333", "id9-0a0b:1",
        ].map { KnownNode(time: 2, services: ServiceFlags(rawValue: .max), endpoint: Endpoint($0)!) }
    )
  ]
}

extension Command {
  /// Lists addresses of nodes in any network (BIP155).
  public static let addrv2: Command = "addrv2"
}

extension MessageKind {
  /// `addrv2`.
  static let addrv2 = MessageKind(
    .addrv2,
    Message.addrv2,
    bips: [155],
    since: 70016,
    limits: [("address count", AddrV2Message.maximumCount), ("address", NetworkAddress.maximumSize)]
  )
}
