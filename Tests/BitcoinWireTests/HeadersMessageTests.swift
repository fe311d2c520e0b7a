import BitcoinWire
import Bytes
import Testing

@Suite struct HeadersMessageTests {
  /// Bitcoin Core reads the count after each header and ignores it.
  @Test func keepsTransactionCounts() throws {
    let header = Samples.genesisHeader
    let bytes = [3] + header.bytes + [0] + header.bytes + [0xfd, 0x00, 0x01] + header.bytes + [0]
    let message = try HeadersMessage(bytes.span.bytes)
    #expect(message.headers == [header, header, header])
    #expect(message.transactionCounts == [0, 256, 0])
    #expect(message.bytes == bytes)
    #expect(try HeadersMessage(([1] + header.bytes + [0]).span.bytes).transactionCounts == [])
  }
}
