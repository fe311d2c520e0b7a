import BitcoinWire
import Bytes

/// Invents transactions: well formed, of the usual kinds, each spending outputs of earlier ones, and no
/// output twice. Their signatures are random.
struct TransactionInventor: Sendable {
  /// An output that may be spent.
  private struct Coin {
    let outPoint: OutPoint
    let value: Int64
    let script: [UInt8]
  }

  /// Most outputs kept. Further ones are never spent.
  private static let maximumCoins = 50_000

  /// Least value in satoshis of an output that is spent.
  private static let dust: Int64 = 1000

  private var random: RandomSource
  private var coins: [Coin] = []
  private var spent = 0

  init(seed: UInt64) { random = RandomSource(seed: seed, purpose: "transactions") }

  /// Number of outputs that may be spent.
  var coinCount: Int { coins.count - spent }

  /// Makes the outputs of a transaction that everybody has available for spending; returns those added.
  mutating func add(_ transaction: Transaction, txid: Hash256) -> [OutPoint] {
    var added: [OutPoint] = []
    for (index, output) in transaction.outputs.enumerated()
    where output.value >= Self.dust && coinCount < Self.maximumCoins {
      let outPoint = OutPoint(txid: txid, index: UInt32(index))
      coins.append(Coin(outPoint: outPoint, value: output.value, script: output.script))
      added.append(outPoint)
    }
    return added
  }

  /// Invents a transaction and returns it with its fee in satoshis; nil if there is nothing to spend.
  ///
  /// - Parameter isSpent: whether another transaction spends an output.
  mutating func invent(
    unless isSpent: (OutPoint) -> Bool = { _ in false }
  ) -> (transaction: Transaction, fee: Int64)? {
    let wanted = [1, 1, 1, 1, 1, 1, 1, 2, 2, 3].randomElement(using: &random) ?? 1
    var taken = take(wanted)
    while taken.contains(where: { isSpent($0.outPoint) }) {
      taken.removeAll { isSpent($0.outPoint) }
      if taken.isEmpty { taken = take(wanted) }
    }
    guard !taken.isEmpty else { return nil }
    let total = taken.reduce(0) { $0 + $1.value }
    let outputCount = total < 50_000 ? 1 : [1, 2, 2, 2, 2, 3].randomElement(using: &random) ?? 2
    let transaction = transaction(spending: taken, total: total, outputs: outputCount)
    return (transaction, total - transaction.outputs.reduce(0) { $0 + $1.value })
  }

  /// Splits an output into many, so that there is enough to spend from the start; nil if there is nothing to
  /// spend.
  mutating func fanOut(into count: Int) -> Transaction? {
    let taken = take(1)
    guard let coin = taken.first else { return nil }
    return transaction(spending: taken, total: coin.value, outputs: count)
  }

  private mutating func take(_ count: Int) -> [Coin] {
    let taken = Array(coins[spent...].prefix(count))
    spent += taken.count
    if spent > 1000, spent > coins.count / 2 {
      coins.removeFirst(spent)
      spent = 0
    }
    return taken
  }

  private mutating func transaction(spending taken: [Coin], total: Int64, outputs count: Int) -> Transaction {
    let fee = min(total / 2, Int64.random(in: 200...2000, using: &random) + Int64(count) * 31)
    let share = (total - fee) / Int64(count)
    var rest = total - fee
    var outputs: [TransactionOutput] = []
    for index in 0..<count {
      let value = index == count - 1 ? rest : Int64.random(in: share / 2...share, using: &random)
      rest -= value
      outputs.append(TransactionOutput(value: value, script: Self.script(using: &random)))
    }
    return Transaction(
      version: 2,
      inputs: taken.map { input($0) },
      outputs: outputs,
      lockTime: 0
    )
  }

  private mutating func input(_ coin: Coin) -> TransactionInput {
    var input = TransactionInput(previous: coin.outPoint, script: [], sequence: 0xffff_fffd)
    switch coin.script.first {
    case 0x51: input.witness = [random.bytes(64)]
    case 0x76:
      let signature = signature()
      let key = key()
      input.script = [UInt8(signature.count)] + signature + [UInt8(key.count)] + key
    default: input.witness = [signature(), key()]
    }
    return input
  }

  /// A script that pays to a key: witness version 0 or 1, or the older P2PKH.
  static func script(using random: inout RandomSource) -> [UInt8] {
    switch Int.random(in: 0..<10, using: &random) {
    case 0..<5: [0x00, 0x14] + random.bytes(20)
    case 5..<8: [0x51, 0x20] + random.bytes(32)
    default: [0x76, 0xa9, 0x14] + random.bytes(20) + [0x88, 0xac]
    }
  }

  /// Random bytes in the form of a DER signature with its hash type.
  private mutating func signature() -> [UInt8] {
    var halves = [random.bytes(32), random.bytes(32)]
    for index in halves.indices { halves[index][0] = halves[index][0] & 0x7f | 1 }
    return [0x30, 0x44, 0x02, 0x20] + halves[0] + [0x02, 0x20] + halves[1] + [0x01]
  }

  /// Random bytes in the form of a compressed public key.
  private mutating func key() -> [UInt8] {
    [2 + UInt8(truncatingIfNeeded: random.next() & 1)] + random.bytes(32)
  }
}
