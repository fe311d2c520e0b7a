import Bytes
import JSON
import Testing

@testable import BitcoinWire

extension Dialect {
  fileprivate static let example = Dialect(
    name: "example",
    opaqueCommands: [.headers],
    inventoryNames: [9: "example_item"],
    serviceNames: [30: "EXAMPLE"]
  )
}

extension Network {
  fileprivate static let example = Network(
    name: "example",
    aliases: ["ex"],
    magic: 0x0403_0201,
    defaultPort: 12345,
    dnsSeeds: ["seed.example.org"],
    protocolVersion: 70020,
    genesisHash: "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
    dialect: .example,
    fixedSeeds: """
      198.51.100.1:12345
      [2001:db8::1]:12345
      """
  )
}

/// A network outside the registry goes through every step of docs/extending.md.
@Suite struct ExampleNetworkTests {
  private let network = Network.example

  @Test func isFoundByNameAndAlias() {
    let networks = Network.all + [network]
    #expect(Network(named: "example", among: networks) == network)
    #expect(Network(named: "ex", among: networks) == network)
    #expect(Network(named: "ex") == nil)
  }

  @Test func framesItsOwnMessages() throws {
    let ping = Message.ping(PingMessage(nonce: 1))
    let bytes = network.frame(ping)
    #expect(Array(bytes.prefix(4)) == [1, 2, 3, 4])
    guard case .message(let header, 32, true) = network.framer.next(in: bytes.span.bytes) else {
      Issue.record("no message")
      return
    }
    #expect(header.command == .ping)
    guard case .violation = Network.mainnet.framer.next(in: bytes.span.bytes) else {
      Issue.record("another network's framer takes it")
      return
    }
  }

  @Test func keepsWhatDivergesAsBytes() throws {
    let headers = HeadersMessage.samples[0].bytes
    let decoded = try Message.decode(.headers, payload: headers.span.bytes, dialect: network.dialect)
    #expect(decoded.message == .unknown(command: .headers, payload: headers))
    #expect(
      Message.summary(.headers, payload: headers.span.bytes, dialect: network.dialect) == "headers 82 bytes"
    )
    let ping = PingMessage.samples[0]
    #expect(
      try Message.decode(.ping, payload: ping.bytes.span.bytes, dialect: network.dialect).message
        == .ping(ping)
    )
  }

  @Test func callsThingsByTheirNames() throws {
    let inventory = Message.inv(InventoryMessage(items: [InventoryItem(InventoryType(rawValue: 9), .zero)]))
    #expect(inventory.summary(in: network.dialect) == "inv 1 example_item 0…")
    var json = JSONWriter()
    inventory.write(to: &json, in: network.dialect)
    #expect(String(decoding: json.finish(), as: UTF8.self).contains(#""type":"example_item""#))
    let fields: [String: JSONValue] = ["items": .string("example_item:\(Hash256.zero)")]
    #expect(try Message(.inv, fields: fields, in: network.dialect) == inventory)
    #expect(network.dialect.names(of: ServiceFlags(rawValue: 1 << 30 | 1)) == ["NETWORK", "EXAMPLE"])
  }

  @Test func hasNodesToBeginWith() {
    #expect(network.fixedSeeds == [Endpoint("198.51.100.1:12345")!, Endpoint("[2001:db8::1]:12345")!])
  }
}
