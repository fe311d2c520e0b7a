import BitcoinWire
import Bytes
import Testing

@Suite struct MessageHeaderTests {
  /// The `verack` in the Bitcoin wiki's "Protocol documentation".
  @Test func readsAndWritesTheWikisExample() throws {
    let bytes = Samples.hex("f9beb4d9 76657261636b000000000000 00000000 5df6e0e2")
    #expect(Network.mainnet.frame(.verack) == bytes)
    var reader = ByteReader(bytes.span.bytes)
    let header = try MessageHeader(from: &reader)
    #expect(header.command == .verack)
    #expect(header.totalLength == 24)
    #expect(MessageHeader(peeking: bytes.span.bytes) == header)
    #expect(MessageHeader(peeking: bytes.span.bytes.extracting(first: 23)) == nil)
  }
}
