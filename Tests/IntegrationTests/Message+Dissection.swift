import BitcoinWire
import Bytes

extension Message {
  /// The fields that tshark's dissector should find, with its names and in its order; nil if it does not know
  /// the message.
  ///
  /// The dissector leaves out fields without bytes.
  var dissection: [Dissection.Field]? { allFields?.filter { !$0.value.isEmpty } }

  private var allFields: [Dissection.Field]? {
    switch self {
    case .version(let message): Self.fields(of: message)
    case .inv(let list): Self.fields(of: list, "inv")
    case .getdata(let list): Self.fields(of: list, "getdata")
    case .notfound(let list): Self.fields(of: list, "notfound")
    case .ping(let ping): [.init("ping.nonce", ping.nonce ?? 0)]
    case .pong(let pong): [.init("pong.nonce", pong.nonce)]
    case .addr(let message):
      [.init("addr.count", of: message.nodes)]
        + message.nodes.flatMap { node in
          Self.fields(of: .init(services: node.services, endpoint: node.endpoint))
            + [.init("addr.timestamp", node.time)]
        }
    case .headers(let message):
      // Each header is followed by a transaction count.
      [.init("headers.count", of: message.headers)]
        + message.headers.flatMap {
          Self.fields(of: $0, "headers") + [.init("headers.count", of: [] as [Transaction])]
        }
    case .getheaders(let message):
      [.init("headers.version", message.version)] + Self.hashes(of: message, "getheaders")
    case .getblocks(let message):
      [.init("version.version", message.version)] + Self.hashes(of: message, "getblocks")
    case .tx(let transaction): Self.fields(of: transaction)
    case .block(let block):
      Self.fields(of: block.header, "block") + [.init("block.num_transactions", of: block.transactions)]
        + block.transactions.flatMap { Self.fields(of: $0) }
    default: nil
    }
  }

  /// The dissector's fields that are compared. It also names the parts and lengths of a message.
  static let dissectedNames: Set<String> = {
    let header = ["version", "prev_block", "merkle_root", "timestamp", "bits", "nonce"]
    let names: [String: [String]] = [
      "version": ["version", "services", "timestamp", "nonce", "start_height", "relay"],
      "string": ["value"], "address": ["services", "address", "port"], "addr": ["timestamp"],
      "ping": ["nonce"], "pong": ["nonce"], "headers": header, "block": header,
      "inv": ["type", "hash"], "getdata": ["type", "hash"], "notfound": ["type", "hash"],
      "getheaders": ["hash_start", "hash_stop"], "getblocks": ["hash_start", "hash_stop"],
      "tx": ["version", "lock_time"], "tx.out": ["value", "script"],
      "tx.in": ["prev_output.hash", "prev_output.index", "sig_script", "seq"],
    ]
    let counts = [
      "addr.count", "inv.count", "getdata.count", "notfound.count", "getheaders.count", "getblocks.count",
      "headers.count", "tx.input_count", "tx.output_count", "block.num_transactions",
    ]
    let fields = names.flatMap { kind, fields in fields.map { "\(kind).\($0)" } }
    return Set((fields + counts).map { "bitcoin.\($0)" })
  }()

  private static func fields(of message: VersionMessage) -> [Dissection.Field] {
    var fields: [Dissection.Field] = [
      .init("version.version", message.version), .init("version.services", message.services.rawValue),
      .init("version.timestamp", message.time),
    ]
    fields += Self.fields(of: message.receiver)
    fields += Self.fields(of: message.sender ?? .unknown)
    fields += [
      .init("version.nonce", message.nonce ?? 0), .init("string.value", bytes: message.userAgent ?? []),
      .init("version.start_height", message.startHeight ?? 0),
      .init("version.relay", UInt8(message.relay == true ? 1 : 0)),
    ]
    return fields
  }

  private static func fields(of party: VersionMessage.Party) -> [Dissection.Field] {
    var address: [UInt8] = []
    party.endpoint.address.appendLegacy(to: &address)
    return [
      .init("address.services", party.services.rawValue), .init("address.address", bytes: address),
      .init("address.port", party.endpoint.port.byteSwapped),
    ]
  }

  private static func fields(of list: InventoryMessage, _ kind: String) -> [Dissection.Field] {
    [.init(kind + ".count", of: list.items)]
      + list.items.flatMap { [.init(kind + ".type", $0.type.rawValue), .init(kind + ".hash", $0.hash)] }
  }

  private static func fields(of header: BlockHeader, _ kind: String) -> [Dissection.Field] {
    [
      .init(kind + ".version", header.version), .init(kind + ".prev_block", header.previous),
      .init(kind + ".merkle_root", header.merkleRoot), .init(kind + ".timestamp", header.time),
      .init(kind + ".bits", header.bits), .init(kind + ".nonce", header.nonce),
    ]
  }

  private static func fields(of transaction: Transaction) -> [Dissection.Field] {
    var fields: [Dissection.Field] = [
      .init("tx.version", transaction.version), .init("tx.input_count", of: transaction.inputs),
    ]
    for input in transaction.inputs {
      fields += [
        .init("tx.in.prev_output.hash", input.previous.txid),
        .init("tx.in.prev_output.index", input.previous.index),
        .init("tx.in.sig_script", bytes: input.script), .init("tx.in.seq", input.sequence),
      ]
    }
    fields.append(.init("tx.output_count", of: transaction.outputs))
    for output in transaction.outputs {
      fields += [.init("tx.out.value", output.value), .init("tx.out.script", bytes: output.script)]
    }
    fields.append(.init("tx.lock_time", transaction.lockTime))
    return fields
  }

  private static func hashes(of message: LocatorMessage, _ kind: String) -> [Dissection.Field] {
    [.init(kind + ".count", of: message.locator)] + message.locator.map { .init(kind + ".hash_start", $0) }
      + [.init(kind + ".hash_stop", message.stop)]
  }
}

extension Dissection.Field {
  fileprivate init(_ name: String, bytes: [UInt8]) {
    self.init(name: "bitcoin." + name, value: Hexadecimal.text(bytes))
  }

  fileprivate init(_ name: String, _ number: some FixedWidthInteger) {
    var bytes: [UInt8] = []
    bytes.appendLittle(number)
    self.init(name, bytes: bytes)
  }

  /// A CompactSize, without the byte that gives its size.
  fileprivate init(_ name: String, of items: some Collection) {
    var bytes: [UInt8] = []
    bytes.appendCompactSize(items.count)
    self.init(name, bytes: bytes.count == 1 ? bytes : Array(bytes.dropFirst()))
  }

  fileprivate init(_ name: String, _ hash: Hash256) { self.init(name, bytes: hash.bytes.array) }
}
