import BitcoinWire

/// Pseudorandom numbers, the same in every run (SplitMix64).
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
    return value ^ value >> 31
  }

  mutating func number<T: FixedWidthInteger & UnsignedInteger>(_ type: T.Type = T.self) -> T {
    T(truncatingIfNeeded: next())
  }

  mutating func bytes(upTo most: Int) -> [UInt8] {
    (0..<Int.random(in: 0...most, using: &self)).map { _ in number() }
  }

  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in number() } }

  mutating func hash() -> Hash256 { Hash256(Bytes32((0..<32).map { _ in number() })!) }

  mutating func some<T>(_ most: Int, _ make: (inout SplitMix) -> T) -> [T] {
    (0..<Int.random(in: 0...most, using: &self)).map { _ in make(&self) }
  }

  mutating func endpoint() -> Endpoint {
    let address: NetworkAddress =
      Bool.random(using: &self)
      ? .ipv4(number()) : .ipv6(0x2001_0db8 << 96 | UInt128(next()))
    return Endpoint(address, port: number())
  }

  mutating func transaction() -> Transaction {
    let witness = Bool.random(using: &self)
    return Transaction(
      version: number(),
      inputs: (0...Int.random(in: 0...2, using: &self)).map { _ in
        TransactionInput(
          previous: OutPoint(txid: hash(), index: number()),
          script: bytes(upTo: 300),
          sequence: number(),
          witness: witness ? some(3) { $0.bytes(upTo: 300) } : []
        )
      },
      outputs: some(3) {
        TransactionOutput(value: Int64($0.number(UInt32.self)), script: $0.bytes(upTo: 300))
      },
      lockTime: number()
    )
  }

  mutating func header() -> BlockHeader {
    BlockHeader(
      version: Int32(bitPattern: number()),
      previous: hash(),
      merkleRoot: hash(),
      time: number(),
      bits: number(),
      nonce: number()
    )
  }
}
