import BitcoinWire
import Bytes
import JSON
import Testing

@Suite struct MessageFieldsTests {
  func fields(_ message: Message) throws -> [String: JSONValue] {
    var json = JSONWriter()
    message.write(to: &json)
    guard case .object(let fields) = try JSONValue(String(decoding: json.finish(), as: UTF8.self)) else {
      return [:]
    }
    return fields
  }

  @Test func makesEveryMessageOfItsOwnJSON() throws {
    var random = SplitMix(state: 11)
    let messages = (0..<40).flatMap({ _ in random.messages() }) + Samples.messages
    #expect(Set(messages.map(\.command)).isSuperset(of: Message.decodedCommands))
    for message in messages {
      #expect(try Message(message.command, fields: fields(message)) == message)
    }
  }

  /// All values are texts, as from a command line.
  func made(_ command: Command, _ fields: [String: String]) throws -> Message {
    try Message(command, fields: fields.mapValues { .string($0) })
  }

  @Test func readsTextsOfACommandLine() throws {
    let hash = Samples.genesisHeader.hash
    #expect(try made("ping", ["nonce": "258"]) == .ping(PingMessage(nonce: 258)))
    #expect(try made("ping", ["nonce": "0x102"]) == .ping(PingMessage(nonce: 258)))
    #expect(try made("ping", ["nonce": "0000000000000102"]) == .ping(PingMessage(nonce: 258)))
    #expect(try made("ping", [:]) == .ping(PingMessage(nonce: nil)))
    #expect(
      try made("getheaders", ["locator": "\(hash),\(Hash256.zero)"])
        == .getheaders(LocatorMessage(version: 70016, locator: [hash, .zero]))
    )
    #expect(
      try made("getdata", ["items": "block:\(hash),witness_tx:\(hash),77:\(hash)"])
        == .getdata(
          InventoryMessage(items: [
            InventoryItem(.block, hash), InventoryItem(.witnessTx, hash),
            InventoryItem(InventoryType(rawValue: 77), hash),
          ])
        )
    )
    #expect(
      try made("addrv2", ["nodes": "1.2.3.4:8333,[::1]:5"])
        == .addrv2(
          AddrV2Message(
            nodes: ["1.2.3.4:8333", "[::1]:5"].map {
              KnownNode(time: 0, services: [], endpoint: Endpoint($0)!)
            }
          )
        )
    )
    let transaction = Samples.segwitTransaction
    #expect(try made("tx", ["bytes": Hexadecimal.text(transaction.bytes)]) == .tx(transaction))
    #expect(
      try made("blocktxn", ["block": "\(hash)", "transactions": Hexadecimal.text(transaction.bytes)])
        == .blocktxn(BlockTransactionsMessage(block: hash, transactions: [transaction]))
    )
    #expect(try made("nonsense", ["payload": "0102"]) == .unknown(command: "nonsense", payload: [1, 2]))
    guard
      case .version(let version) = try made(
        "version",
        ["services": "network,WITNESS", "receiver": "1.2.3.4:5"]
      )
    else { throw IOError("version", code: 0) }
    #expect(version.services == [.network, .witness])
    #expect(version.receiver.endpoint == Endpoint("1.2.3.4:5"))
    #expect(version.relay == true)
  }

  @Test(arguments: [
    ("feefilter", "", "", "fee_rate is missing"),
    (
      "feefilter", "fee_rate", "-9223372036854775809",
      "fee_rate is not a whole number from \(Int64.min) to \(Int64.max)"
    ),
    ("ping", "nonce", "xyz", "nonce is neither 16 hexadecimal digits nor a number"),
    ("ping", "nonse", "1", "nonse is not a known field"),
    ("verack", "x", "1", "x is not a known field"),
    ("getheaders", "locator", "00", "locator[0] is not a hash of 64 hexadecimal digits"),
    (
      "inv", "items", "tx",
      "items[0] is not written as type:hash (for example tx:HASH, wtx:HASH or block:HASH)"
    ),
    ("addr", "nodes", "1.2.3.4", "nodes[0] is not written as address:port"),
    ("sendcmpct", "announce", "yes", "announce is neither true nor false"),
    ("filteradd", "element", "0", "element is not written in hexadecimal digits"),
    (
      "feature", "name", "a\\",
      "name has a backslash not followed by another one or by x and two hexadecimal digits"
    ),
    ("version", "services", "NETWERK", "services is neither a number nor names of services"),
  ])
  func saysWhatIsWrong(_ command: Command, _ field: String, _ value: String, _ problem: String) {
    let error = #expect(throws: FieldError.self) { try made(command, field.isEmpty ? [:] : [field: value]) }
    #expect(error?.description == problem)
  }

  @Test func readsServices() {
    #expect(ServiceFlags("NETWORK|witness,BIT 24") == ServiceFlags(rawValue: 0x100_0009))
    #expect(ServiceFlags("0x409") == [.network, .witness, .networkLimited])
    #expect(ServiceFlags("9") == [.network, .witness])
    #expect(ServiceFlags("NONE") == [])
    for bit in 0..<64 {
      let service = ServiceFlags(rawValue: 1 << UInt64(bit))
      #expect(ServiceFlags(service.description) == service)
    }
    for wrong in ["", "NETWORK,", "0x", "-1", "bit 64", "bit x"] { #expect(ServiceFlags(wrong) == nil) }
  }

  @Test func readsEscapedTextBack() {
    let bytes = (0...255).map { UInt8($0) } + Array("→\\x".utf8)
    #expect(EscapedText.bytes(EscapedText.utf8(bytes)) == bytes)
    #expect(EscapedText.bytes(EscapedText.ascii(bytes)) == bytes)
    for wrong in ["\\", "\\n", "\\x", "\\x1", "\\xgg"] { #expect(EscapedText.bytes(wrong) == nil) }
  }
}
