import Testing

@testable import BitcoinWire

@Suite struct SHA3Tests {
  /// Examples from FIPS 202 and NIST; 135 to 137 bytes are around the block size.
  @Test(arguments: [
    (0, "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a"),
    (135, "8094bb53c44cfb1e67b7c30447f9a1c33696d2463ecc1d9c92538913392843c9"),
    (136, "3fc5559f14db8e453a0a3091edbd2bc25e11528d81c66fa570a4efdcc2695ee1"),
    (137, "f8d6846cedd2ccfadf15c5879ef95af724d799eed7391fb1c91f95344e738614"),
  ])
  func hashes(_ count: Int, hex: String) {
    #expect(SHA3.hash256([UInt8](repeating: 0x61, count: count)).array == Samples.hex(hex))
  }
}
