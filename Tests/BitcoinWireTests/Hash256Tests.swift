import BitcoinWire
import Bytes
import Testing

@Suite struct Hash256Tests {
  @Test func hashesTwice() {
    // From the Bitcoin wiki, "Protocol documentation": SHA-256d of "hello".
    let hash = Hash256(doubleSHA256: Array("hello".utf8).span.bytes)
    #expect(
      Hexadecimal.text(hash.bytes.array)
        == "9595c9df90075148eb06860365df33584b75bff782a510c6cd4883a419833d50"
    )
  }

  @Test func isWrittenBackwards() {
    let text = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"
    let hash = Hash256(text)
    #expect(hash?.bytes.array.first == 0x6f)
    #expect(hash?.description == text)
    #expect(hash?.abbreviation == "19d6689c…")
    #expect(Hash256(String(text.dropLast())) == nil)
    #expect(Hash256("zz" + text.dropFirst(2)) == nil)
  }

  @Test func knowsTheChecksumOfNothing() {
    // The checksum of every empty message: 5d f6 e0 e2.
    #expect(Hash256.checksum([UInt8]().span.bytes) == 0xe2e0_f65d)
  }
}
