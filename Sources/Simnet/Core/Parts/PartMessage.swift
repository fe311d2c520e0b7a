import BitcoinWire
import Bytes

/// A message between the processes of one network.
///
/// Big-endian: u32 count of the bytes that follow, u8 kind, then the fields in order.
enum PartMessage: Equatable {
  /// Kind 0, from the first part to each new connection: u64 wall clock and u64 monotonic clock of the start
  /// in ns, u16 port, u64 digest of the settings.
  case hello(wall: UInt64, monotonic: UInt64, port: UInt16, digest: UInt64)
  /// Kind 1, an observer's transaction: u64 time in ns at which the node gets it in every part, u32 node, and
  /// the transaction as on the wire.
  case injected(time: UInt64, node: UInt32, Transaction)
  /// Kind 2, an observer's addresses: u64 time in ns at which the node hears them in every part, u32 node,
  /// and the payload of an `addrv2` with them.
  case heard(time: UInt64, node: UInt32, [KnownNode])

  /// Most bytes of a message, its count not included. A transaction is no longer than a Bitcoin message.
  static let maximumCount = MessageHeader.maximumLength + 64

  /// The encoded message, with its count.
  var bytes: [UInt8] {
    var body: [UInt8] = []
    switch self {
    case .hello(let wall, let monotonic, let port, let digest):
      body.append(0)
      body.appendBig(wall)
      body.appendBig(monotonic)
      body.appendBig(port)
      body.appendBig(digest)
    case .injected(let time, let node, let transaction):
      body.append(1)
      body.appendBig(time)
      body.appendBig(node)
      body += transaction.bytes
    case .heard(let time, let node, let told):
      body.append(2)
      body.appendBig(time)
      body.appendBig(node)
      body += Message.addrv2(AddrV2Message(nodes: told)).payload
    }
    var bytes: [UInt8] = []
    bytes.appendBig(UInt32(body.count))
    return bytes + body
  }

  /// Size in bytes of the message at the start of `bytes`, with its count; nil if there are fewer than 4
  /// bytes.
  ///
  /// - Throws: `WireError` if the count is too large.
  static func count(in bytes: UnsafeRawBufferPointer) throws(WireError) -> Int? {
    guard bytes.count >= 4 else { return nil }
    let count = Int(UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self)))
    guard count <= maximumCount else {
      throw WireError(.invalid("is \(count)"), field: "part message length", offset: 0)
    }
    return 4 + count
  }

  /// Decodes a whole message.
  init(_ bytes: RawSpan) throws(WireError) {
    var reader = ByteReader(bytes)
    _ = try reader.big(UInt32.self, "part message length")
    switch try reader.big(UInt8.self, "part message kind") {
    case 0:
      self = .hello(
        wall: try reader.big("wall clock"),
        monotonic: try reader.big("monotonic clock"),
        port: try reader.big("port"),
        digest: try reader.big("digest")
      )
    case 1:
      let (time, node) = (try reader.big(UInt64.self, "time"), try reader.big(UInt32.self, "node"))
      let payload = try reader.span(reader.remaining, "transaction")
      guard case .tx(let transaction) = try Message.decode(.tx, payload: payload).message else {
        throw WireError(.invalid("is not a transaction"), field: "payload", offset: 17)
      }
      self = .injected(time: time, node: node, transaction)
    case 2:
      let (time, node) = (try reader.big(UInt64.self, "time"), try reader.big(UInt32.self, "node"))
      let payload = try reader.span(reader.remaining, "addresses")
      guard case .addrv2(let told) = try Message.decode(.addrv2, payload: payload).message else {
        throw WireError(.invalid("is not addrv2"), field: "payload", offset: 17)
      }
      self = .heard(time: time, node: node, told.nodes)
    case let kind:
      throw WireError(.invalid("is \(kind)"), field: "part message kind", offset: 4)
    }
    try reader.finish("part message")
  }
}
