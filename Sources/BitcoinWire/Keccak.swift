/// SHA3-256 (FIPS 202), which Tor's version 3 addresses check themselves with and which swift-crypto
/// does not have on every platform.
enum Keccak {
  /// The SHA3-256 of `message`, 32 bytes.
  static func sha3_256(_ message: [UInt8]) -> [UInt8] {
    let rate = 136
    var padded = message
    padded.append(0x06)
    padded.append(contentsOf: repeatElement(0, count: (rate - padded.count % rate) % rate))
    padded[padded.count - 1] |= 0x80

    var state = [UInt64](repeating: 0, count: 25)
    for block in stride(from: 0, to: padded.count, by: rate) {
      for offset in 0..<rate {
        state[offset / 8] ^= UInt64(padded[block + offset]) << (8 * (offset % 8))
      }
      permute(&state)
    }
    return (0..<32).map { UInt8(truncatingIfNeeded: state[$0 / 8] >> (8 * ($0 % 8))) }
  }

  private static func permute(_ state: inout [UInt64]) {
    var parity = [UInt64](repeating: 0, count: 5)
    for constant in roundConstants {
      // Theta: every column takes the parity of its neighbours.
      for x in 0..<5 { parity[x] = state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20] }
      for x in 0..<5 {
        let change = parity[(x + 4) % 5] ^ rotate(parity[(x + 1) % 5], 1)
        for y in stride(from: 0, to: 25, by: 5) { state[x + y] ^= change }
      }
      // Rho and pi: every lane is rotated and moves to where another was.
      var lane = state[1]
      for step in 0..<24 {
        (lane, state[targets[step]]) = (state[targets[step]], rotate(lane, rotations[step]))
      }
      // Chi: every row is mixed with itself.
      for y in stride(from: 0, to: 25, by: 5) {
        let row = Array(state[y..<y + 5])
        for x in 0..<5 { state[y + x] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]) }
      }
      // Iota.
      state[0] ^= constant
    }
  }

  private static func rotate(_ value: UInt64, _ count: Int) -> UInt64 {
    value << count | value >> (64 - count)
  }

  private static let targets = [
    10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1,
  ]

  private static let rotations = [
    1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44,
  ]

  private static let roundConstants: [UInt64] = [
    0x0000_0000_0000_0001, 0x0000_0000_0000_8082, 0x8000_0000_0000_808a, 0x8000_0000_8000_8000,
    0x0000_0000_0000_808b, 0x0000_0000_8000_0001, 0x8000_0000_8000_8081, 0x8000_0000_0000_8009,
    0x0000_0000_0000_008a, 0x0000_0000_0000_0088, 0x0000_0000_8000_8009, 0x0000_0000_8000_000a,
    0x0000_0000_8000_808b, 0x8000_0000_0000_008b, 0x8000_0000_0000_8089, 0x8000_0000_0000_8003,
    0x8000_0000_0000_8002, 0x8000_0000_0000_0080, 0x0000_0000_0000_800a, 0x8000_0000_8000_000a,
    0x8000_0000_8000_8081, 0x8000_0000_0000_8080, 0x0000_0000_8000_0001, 0x8000_0000_8000_8008,
  ]
}
