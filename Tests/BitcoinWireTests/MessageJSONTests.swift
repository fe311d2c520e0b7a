import BitcoinWire
import Bytes
import Foundation
import JSON
import Testing

@Suite struct MessageJSONTests {
  /// Different messages have different JSON, so no field is left out.
  @Test func tellsEveryMessageApart() throws {
    var random = SplitMix(state: 5)
    var seen: [String: Message] = [:]
    for message in (0..<40).flatMap({ _ in random.messages() }) + Samples.messages {
      let text = "\(message.command) " + json(message)
      if let other = seen.updateValue(message, forKey: text) { #expect(other == message, "\(text)") }
    }
  }

  @Test(arguments: Samples.messages)
  func isOneObjectOnOneLine(_ message: Message) throws {
    let text = json(message)
    #expect(try JSONSerialization.jsonObject(with: Data(text.utf8)) is [String: Any])
    #expect(!text.unicodeScalars.contains { $0.properties.generalCategory == .control })
  }

  @Test func writesTheFieldsOfAVersion() {
    #expect(
      json(.version(Samples.version))
        == #"{"version":70016,"services":"0000000000000809","service_names":["NETWORK","WITNESS","P2P_V2"],"#
        + #""time":1760000000,"receiver":{"services":"0000000000000001","service_names":["NETWORK"],"#
        + #""network":"ipv4","address":"198.51.100.7","port":8333},"sender":{"services":"0000000000000000","#
        + #""service_names":[],"network":"ipv6","address":"::","port":0},"nonce":"0102030405060708","#
        + #""user_agent":"/Satoshi:29.0.0/","start_height":900001,"relay":true}"#
    )
  }

  @Test func writesTheNamesAndPartsOfATransaction() {
    let transaction = Samples.segwitTransaction
    #expect(
      json(.tx(transaction))
        == #"{"txid":"\#(transaction.txid)","wtxid":"\#(transaction.wtxid)","version":2,"inputs":["#
        + #"{"txid":"\#(Samples.genesisHeader.merkleRoot)","index":7,"script":"5152","sequence":4294967295,"#
        + #""witness":[]},{"txid":"\#(Samples.genesisHeader.hash)","index":0,"script":"","sequence":4294967295,"#
        + #""witness":["","010203"]}],"outputs":[{"value":5000000000,"script":"6a"},{"value":0,"script":""}],"#
        + #""lock_time":500000}"#
    )
  }

  @Test func callsThingsAsTheirNetworkDoes() {
    let items = InventoryMessage(items: [InventoryItem(InventoryType(rawValue: 5), .zero)])
    #expect(json(.inv(items)).contains(#""type":"wtx""#))
    #expect(json(.inv(items), in: .dash).contains(#""type":"txlock_vote""#))
    let version = VersionMessage(
      version: 70016,
      services: ServiceFlags(rawValue: 1 << 24),
      time: 0,
      nonce: nil,
      userAgent: nil,
      startHeight: nil,
      relay: nil
    )
    #expect(json(.version(version)).contains(#""service_names":["bit 24"]"#))
    #expect(json(.version(version), in: .litecoin).contains(#""service_names":["MWEB"]"#))
  }

  private func json(_ message: Message, in dialect: Dialect = .bitcoin) -> String {
    var json = JSONWriter()
    message.write(to: &json, in: dialect)
    return String(decoding: json.finish(), as: UTF8.self)
  }
}
