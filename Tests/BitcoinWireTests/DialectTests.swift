import BitcoinWire
import Bytes
import Testing

@Suite struct DialectTests {
  /// A `headers` with one merge-mined header, in the layout of Namecoin's and Dogecoin's `CAuxPow`.
  static let mergeMinedHeaders: [UInt8] = {
    var header = Samples.genesisHeader
    header.version = 0x0001_0101
    var bytes: [UInt8] = [1]
    header.append(to: &bytes)
    Samples.segwitTransaction.append(to: &bytes)
    bytes.append(Hash256.zero)
    bytes.append(contentsOf: [1])
    bytes.append(header.merkleRoot)
    bytes.appendLittle(UInt32(0))
    bytes.append(contentsOf: [0])
    bytes.appendLittle(UInt32(0))
    Samples.genesisHeader.append(to: &bytes)
    bytes.append(0)
    return bytes
  }()

  /// A transaction that is entirely in Litecoin's extension block: version 2, marker 0, flag 8, no inputs, no
  /// outputs, an extension transaction (its presence, and here three bytes in its place), lock time.
  static let extensionTransaction = Samples.hex("02000000" + "0008" + "00" + "00" + "01aabbcc" + "00000000")

  /// A Dash coinbase: version 3 and type 5, an input, an output, lock time and a payload of two bytes.
  static let specialTransaction: [UInt8] = {
    var bytes = Samples.plainTransaction.bytes
    bytes.replaceSubrange(0..<4, with: [3, 0, 5, 0])
    return bytes + [2, 0xaa, 0xbb]
  }()

  /// Expects the payload to stay bytes in a dialect, and to encode to the same bytes.
  func expectOpaque(_ command: Command, _ payload: [UInt8], _ dialect: Dialect) throws {
    let decoded = try Message.decode(command, payload: payload.span.bytes, dialect: dialect)
    #expect(decoded == DecodedMessage(.unknown(command: command, payload: payload)))
    #expect(decoded.message.command == command)
    #expect(decoded.message.payload == payload)
    #expect(
      Message.summary(command, payload: payload.span.bytes, dialect: dialect)
        == "\(command) \(payload.count) bytes"
    )
  }

  @Test(arguments: [Dialect.namecoin, .dogecoin])
  func keepsMergeMinedHeadersAsBytes(_ dialect: Dialect) throws {
    try expectOpaque(.headers, Self.mergeMinedHeaders, dialect)
    for command in [Command.block, .merkleblock, .cmpctblock] {
      try expectOpaque(command, [1, 2, 3], dialect)
    }
    // As Bitcoin's, it would decode to one header and trailing bytes.
    let misread = try Message.decode(.headers, payload: Self.mergeMinedHeaders.span.bytes)
    #expect(misread.trailing.count > 80)
  }

  @Test func keepsLitecoinsExtensionTransactionsAsBytes() throws {
    try expectOpaque(.tx, Self.extensionTransaction, .litecoin)
    for command in [Command.block, .blocktxn, .cmpctblock] {
      try expectOpaque(command, [1, 2, 3], .litecoin)
    }
    #expect(throws: WireError.self) {
      try Message.decode(.tx, payload: Self.extensionTransaction.span.bytes)
    }
  }

  @Test func keepsDashsSpecialTransactionsAsBytes() throws {
    try expectOpaque(.tx, Self.specialTransaction, .dash)
    for command in [Command.headers, .block, .merkleblock, .blocktxn, .cmpctblock] {
      try expectOpaque(command, [1, 2, 3], .dash)
    }
    let misread = try Message.decode(.tx, payload: Self.specialTransaction.span.bytes)
    #expect(misread.trailing.count == 3)
  }

  @Test(arguments: [Dialect.bitcoinCash, .dash])
  func takesNoCountOfInputsForAMarker(_ dialect: Dialect) throws {
    try expectOpaque(.tx, Samples.segwitTransaction.bytes, dialect)
  }

  /// All other messages decode as on Bitcoin; truncated messages are refused as well.
  @Test(arguments: Dialect.all) func decodesTheRestAsBitcoins(_ dialect: Dialect) throws {
    var opaque: Set<Command> = []
    for message in Samples.messages {
      let payload = message.payload
      let decoded = try Message.decode(message.command, payload: payload.span.bytes, dialect: dialect)
      #expect(decoded.message.payload + decoded.trailing == payload)
      if decoded.message != message { opaque.insert(message.command) }
    }
    #expect(opaque.isSubset(of: dialect.opaqueCommands.union([.tx])))
    let plain = Samples.plainTransaction
    #expect(
      try Message.decode(.tx, payload: plain.bytes.span.bytes, dialect: dialect).message == .tx(plain)
    )
    for count in 0..<6 {
      let bytes = Array(plain.bytes.prefix(count))
      #expect(throws: WireError.self) { try Message.decode(.tx, payload: bytes.span.bytes, dialect: dialect) }
    }
  }

  @Test func isFoundByNameAndMagic() {
    #expect(Set(Dialect.all.map(\.name)).count == Dialect.all.count)
    for dialect in Dialect.all { #expect(Dialect(named: dialect.name) == dialect) }
    for network in Network.all { #expect(Dialect(magic: network.magic) == network.dialect) }
    #expect(Dialect(named: "moon") == nil)
    #expect(Dialect(magic: 0) == .bitcoin)
    #expect(Set(Network.all.map(\.dialect)) == Set(Dialect.all))
  }

  @Test(arguments: [
    (Dialect.bitcoin, 5, "inv 1 wtx 0…"), (.dash, 5, "inv 1 txlock_vote 0…"),
    (.dash, 29, "inv 1 chainlock_signature 0…"), (.dash, 1, "inv 1 tx 0…"),
    (.litecoin, 0x6000_0001, "inv 1 mweb_tx 0…"), (.litecoin, 0x6000_0002, "inv 1 mweb_block 0…"),
    (.litecoin, 0x2000_0008, "inv 1 mweb_header 0…"), (.bitcoinCash, 0x94a0, "inv 1 double_spend_proof 0…"),
  ])
  func namesInventoryTypes(_ dialect: Dialect, type: UInt32, summary: String) {
    let items = [InventoryItem(InventoryType(rawValue: type), .zero)]
    let payload = InventoryMessage(items: items).bytes
    #expect(Message.summary(.inv, payload: payload.span.bytes, dialect: dialect) == summary)
  }

  @Test func namesServices() {
    let services = ServiceFlags(rawValue: 1 << 24 | 1 << 11 | 1)
    #expect(Dialect.bitcoin.names(of: services) == ["NETWORK", "P2P_V2", "bit 24"])
    #expect(Dialect.litecoin.names(of: services) == ["NETWORK", "P2P_V2", "MWEB"])
    #expect(Dialect.dash.names(of: services) == ["NETWORK", "HEADERS_COMPRESSED", "bit 24"])
    #expect(Dialect.bitcoinCash.names(of: services) == ["NETWORK", "EXTVERSION", "bit 24"])
  }
}
