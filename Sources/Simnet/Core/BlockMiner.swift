import BitcoinWire
import Bytes

/// Mines valid blocks under regtest's rules: a coinbase with height (BIP34) and witness commitment (BIP141),
/// a Merkle root, and proof of work.
struct BlockMiner: Sendable {
  /// The target in compact form: regtest's, the easiest there is.
  static let bits: UInt32 = 0x207f_ffff

  /// Number of blocks until a coinbase may be spent.
  static let maturity = 100

  private static let halving = 150

  private var random: RandomSource

  init(seed: UInt64) { random = RandomSource(seed: seed, purpose: "blocks") }

  /// Mines the block after the block with hash `previous`.
  ///
  /// - Parameter time: seconds since the Unix epoch, above the median time of the last eleven blocks.
  mutating func mine(
    height: Int,
    after previous: Hash256,
    time: UInt32,
    _ transactions: [Transaction]
  ) -> Block {
    let all = [coinbase(height: height, with: transactions)] + transactions
    var header = BlockHeader(
      version: 0x2000_0000,
      previous: previous,
      merkleRoot: Self.merkleRoot(all.map(\.txid)),
      time: time,
      bits: Self.bits,
      nonce: 0
    )
    while !Self.isProved(header.hash, bits: header.bits) { header.nonce += 1 }
    return Block(header: header, transactions: all)
  }

  private mutating func coinbase(height: Int, with transactions: [Transaction]) -> Transaction {
    let reserved = [UInt8](repeating: 0, count: 32)
    var commitment: [UInt8] = []
    commitment.append(Self.merkleRoot([.zero] + transactions.map(\.wtxid)))
    commitment += reserved
    let hash = Hash256(doubleSHA256: commitment.span.bytes)
    let input = TransactionInput(
      previous: OutPoint(txid: .zero, index: .max),
      script: Self.push(height) + [8] + random.bytes(8) + [8] + Array("/simnet/".utf8),
      witness: [reserved]
    )
    return Transaction(
      version: 2,
      inputs: [input],
      outputs: [
        TransactionOutput(
          value: 5_000_000_000 >> Int64(height / Self.halving),
          script: [0x00, 0x14] + random.bytes(20)
        ),
        TransactionOutput(value: 0, script: [0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed] + hash.bytes.array),
      ],
      lockTime: 0
    )
  }

  /// The shortest script that pushes a number.
  static func push(_ number: Int) -> [UInt8] {
    if number == 0 { return [0] }
    if number <= 16 { return [0x50 + UInt8(number)] }
    var bytes: [UInt8] = []
    var rest = number
    while rest > 0 {
      bytes.append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
    if bytes[bytes.count - 1] & 0x80 != 0 { bytes.append(0) }
    return [UInt8(bytes.count)] + bytes
  }

  /// The Merkle root of hashes. The last hash of an odd row is used twice.
  static func merkleRoot(_ hashes: [Hash256]) -> Hash256 {
    var row = hashes
    while row.count > 1 {
      row = stride(from: 0, to: row.count, by: 2).map { index in
        var pair: [UInt8] = []
        pair.append(row[index])
        pair.append(row[min(index + 1, row.count - 1)])
        return Hash256(doubleSHA256: pair.span.bytes)
      }
    }
    return row.first ?? .zero
  }

  /// Whether a block's hash, as a little-endian number, does not exceed its target.
  static func isProved(_ hash: Hash256, bits: UInt32) -> Bool {
    var target = [UInt8](repeating: 0, count: 32)
    let size = Int(bits >> 24)
    for index in 0..<3 where (1...32).contains(size - index) {
      target[32 - size + index] = UInt8(truncatingIfNeeded: bits >> (16 - 8 * index))
    }
    return !target.lexicographicallyPrecedes(hash.bytes.array.reversed())
  }
}
