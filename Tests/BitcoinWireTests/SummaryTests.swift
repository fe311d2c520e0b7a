import BitcoinWire
import Bytes
import Testing

@Suite struct SummaryTests {
  @Test func saysWhatMatters() throws {
    let expected = [
      "version": "version /Satoshi:29.0.0/ height 900001 services NETWORK|WITNESS|P2P_V2",
      "verack": "verack", "addrv2": "addrv2 6", "inv": "inv 1 wtx 4a5e1e4b…",
      "getdata": "getdata 1 wtx 4a5e1e4b…", "notfound": "notfound 1 wtx 4a5e1e4b…",
      "getheaders": "getheaders from 19d6689c…", "feefilter": "feefilter 1000 sat/kvB",
      "pong": "pong 8f3c…", "sendcmpct": "sendcmpct version 2 announce",
      "block": "block \(Samples.genesisHeader.hash) 2 tx", "getutxos": "getutxos 4 bytes",
      "filterload": "filterload 3 bytes 5 functions", "filteradd": "filteradd 2 bytes",
      "filterclear": "filterclear", "getblocktxn": "getblocktxn 19d6689c… 3 tx",
      "merkleblock": "merkleblock \(Samples.genesisHeader.hash) 1 of 1 tx",
      "cmpctblock": "cmpctblock \(Samples.genesisHeader.hash) 3 short ids 2 tx",
      "blocktxn": "blocktxn 19d6689c… 2 tx", "getcfilters": "getcfilters from 1 to 19d6689c…",
      "cfilter": "cfilter 19d6689c… 4 bytes", "getcfheaders": "getcfheaders from 1 to 19d6689c…",
      "cfheaders": "cfheaders 2 to 19d6689c…", "getcfcheckpt": "getcfcheckpt to 19d6689c…",
      "cfcheckpt": "cfcheckpt 1 to 19d6689c…", "sendtxrcncl": "sendtxrcncl version 1",
      "feature": "feature BIP9999", "alert": "alert 3 bytes",
    ]
    for (name, text) in expected {
      let message = try #require(Samples.messages.first { $0.command.description == name })
      #expect(message.summary == text)
      #expect(Message.summary(message.command, payload: message.payload.span.bytes) == text)
    }
    let unusual = InventoryMessage(items: [InventoryItem(.witnessBlock, Samples.genesisHeader.hash)])
    #expect(Message.getdata(unusual).summary == "getdata 1 witness_block 19d6689c…")
    #expect(Message.notfound(InventoryMessage.samples[2]).summary == "notfound 1 type 77 0…")
    #expect(Message.ping(PingMessage(nonce: nil)).summary == "ping")
    #expect(Message.addr(AddrMessage(nodes: [])).summary == "addr 0")
    #expect(Message.headers(HeadersMessage(headers: [])).summary == "headers 0")
    let transaction = Samples.segwitTransaction
    #expect(Message.tx(transaction).summary == "tx \(transaction.txid) 2 in 2 out 122 bytes")
  }

  @Test func saysWhatIsWrong() {
    let short: [UInt8] = [1, 2]
    #expect(
      Message.summary(.pong, payload: short.span.bytes).hasPrefix("pong malformed: nonce at byte 0 needs 8")
    )
    let long = [UInt8](repeating: 0, count: 10)
    #expect(Message.summary(.pong, payload: long.span.bytes) == "pong 0000… and 2 bytes left over")
  }
}
