import BitcoinWire
import Bytes
import Foundation

/// Messages and bytes that several suites look at.
enum Samples {
  static let genesisHeader = BlockHeader(
    version: 1,
    previous: .zero,
    merkleRoot: "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b",
    time: 1_231_006_505,
    bits: 0x1d00_ffff,
    nonce: 2_083_236_893
  )

  static let plainTransaction = Transaction(
    version: 2,
    inputs: [
      TransactionInput(previous: OutPoint(txid: genesisHeader.merkleRoot, index: 7), script: [0x51, 0x52])
    ],
    outputs: [
      TransactionOutput(value: 5_000_000_000, script: [0x6a]), TransactionOutput(value: 0, script: []),
    ],
    lockTime: 500_000
  )

  static let segwitTransaction: Transaction = {
    var transaction = plainTransaction
    let previous = OutPoint(txid: genesisHeader.hash, index: 0)
    transaction.inputs.append(TransactionInput(previous: previous, script: [], witness: [[], [1, 2, 3]]))
    return transaction
  }()

  static let nodes = [
    KnownNode(time: 1_700_000_000, services: [.network, .witness], endpoint: Endpoint("1.2.3.4:8333")!),
    KnownNode(time: 1, services: [], endpoint: Endpoint("[2001:db8::1]:18333")!),
  ]

  static let onion = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion:8333"
  static let i2p = "ukeu3k5oycgaauneqgtnvselmt4yemvoilkln7jpvamvfx7dnkdq.b32.i2p:0"

  /// Addresses that `addr` cannot say.
  static let unusualAddresses = [onion, i2p, "[fc11:f769:16e6:3611:58ae:1d4a:fcf7:57a4]:8333", "id9-0a0b:1"]
    .map {
      Endpoint($0)!.address
    }

  static let version = VersionMessage(
    version: 70016,
    services: [.network, .witness, .p2pV2],
    time: 1_760_000_000,
    receiver: .init(services: .network, endpoint: Endpoint("198.51.100.7:8333")!),
    nonce: 0x0102_0304_0506_0708,
    userAgent: Array("/Satoshi:29.0.0/".utf8),
    startHeight: 900_001,
    relay: true
  )

  /// One of every message that is decoded, and some of other shapes.
  static let messages = commonMessages + filterMessages + blockMessages + otherMessages

  private static let commonMessages: [Message] = [
    .version(version), .verack, .wtxidrelay, .sendaddrv2, .sendheaders, .getaddr, .mempool,
    .sendcmpct(SendCompactMessage(announce: true, version: 2)),
    .feefilter(FeeFilterMessage(feeRate: 1000)),
    .ping(PingMessage(nonce: 0x8f3c_0000_0000_0001)), .ping(PingMessage(nonce: nil)),
    .pong(PongMessage(nonce: 0x8f3c_0000_0000_0001)),
    .addr(AddrMessage(nodes: nodes)), .addr(AddrMessage(nodes: [])),
    .addrv2(
      AddrV2Message(
        nodes: nodes
          + [onion, i2p, "[fc11:f769:16e6:3611:58ae:1d4a:fcf7:57a4]:8333", "id9-0a0b:1"].map {
            KnownNode(time: 2, services: ServiceFlags(rawValue: .max), endpoint: Endpoint($0)!)
          }
      )
    ),
    .inv(InventoryMessage(items: [InventoryItem(.wtx, genesisHeader.merkleRoot)])),
    .getdata(InventoryMessage(items: [InventoryItem(.witnessBlock, genesisHeader.hash)])),
    .notfound(InventoryMessage(items: [InventoryItem(InventoryType(rawValue: 77), .zero)])),
    .getheaders(LocatorMessage(version: 70016, locator: [genesisHeader.hash])),
    .getblocks(LocatorMessage(version: 70016, locator: [], stop: genesisHeader.hash)),
    .headers(HeadersMessage(headers: [genesisHeader])), .headers(HeadersMessage(headers: [])),
    .tx(plainTransaction), .tx(segwitTransaction),
    .block(Block(header: genesisHeader, transactions: [plainTransaction, segwitTransaction])),
    .reject(
      RejectMessage(
        command: Array("tx".utf8),
        code: 0x42,
        reason: Array("fee".utf8),
        hash: plainTransaction.txid
      )
    ),
    .reject(RejectMessage(command: Array("version".utf8), code: 0x11, reason: [])),
    .unknown(command: "getutxos", payload: [1, 0, 0, 0]),
  ]

  /// The folder of real inputs; nil where the tests run without it.
  static let data = ProcessInfo.processInfo.environment["NETMINE_DATA"]

  /// The bytes of a file in the folder of real inputs.
  static func file(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: "\(data ?? "")/\(path)")))
  }

  /// Bytes spelled in hexadecimal, spaces aside.
  static func hex(_ text: String) -> [UInt8] {
    Hexadecimal.bytes(text.filter { !$0.isWhitespace })!
  }
}

extension Message {
  /// Decodes the payload in an array.
  static func decode(_ command: Command, _ payload: [UInt8]) throws(WireError) -> DecodedMessage {
    try decode(command, payload: payload.span.bytes)
  }
}
