import BitcoinWire

/// Every transaction and block of the network, and the nodes that have them.
public struct Ledger: Sendable {
  /// An item that nodes announce.
  public enum Item: Hashable, Sendable {
    /// A transaction, by the number of transactions before it.
    case transaction(Int)
    /// The block of a height. There is only one chain.
    case block(Int)
  }

  /// A transaction of the network.
  public struct Entry: Sendable {
    /// The transaction.
    public let transaction: Transaction
    /// Its hash without witnesses.
    public let txid: Hash256
    /// Its hash with witnesses (BIP141).
    public let wtxid: Hash256
    /// The node that created it, or got it from an observer.
    public let origin: Int
    /// Whether it is from an observer. The network itself never spends its outputs.
    public let isForeign: Bool
    /// Its fee rate in satoshis per 1,000 virtual bytes; nil if unknown.
    public let feeRate: Int64?
    /// Whether it is in a block, or can never be in one.
    public internal(set) var isMined: Bool
    /// Height of its block; nil if it is in none.
    public internal(set) var height: Int?

    var holders: NodeSet
  }

  /// Number of transactions added so far.
  public private(set) var inventedCount = 0

  /// The chain's headers by height.
  public private(set) var headers: [BlockHeader] = []

  /// The blocks' hashes by height.
  public private(set) var hashes: [Hash256] = []

  /// Outputs that every node knows and no block has spent.
  var coins: Set<OutPoint> = []

  /// Transactions held back by nodes.
  var orphans = Orphanage()

  /// Transactions refused by nodes since the last block.
  var refused: Set<Refusal> = []

  /// Most refusals remembered (the capacity of Bitcoin Core's filter). Beyond it, all are dropped.
  static let maximumRefused = 120_000

  /// A node's refusal of the transaction with a txid or wtxid.
  struct Refusal: Hashable { let hash: Hash256, node: Int }

  private let nodeCount: Int
  private let keptTransactions: Int
  private let keptBlocks: Int
  private var entries: [Int: Entry] = [:]
  private var oldest = 0
  private var byTxid: [Hash256: Int] = [:]
  private var byWtxid: [Hash256: Int] = [:]
  private var spenders: [OutPoint: [Int]] = [:]
  private var blocks: [Int: Block] = [:]
  private var heights: [Hash256: Int] = [:]
  private var tips: [Int32]

  /// Creates an empty ledger.
  ///
  /// - Parameters:
  ///   - keptTransactions: number of transactions kept; older ones are dropped once they are mined.
  ///   - keptBlocks: number of blocks kept whole; of older ones only headers are kept.
  public init(nodeCount: Int, keptTransactions: Int = 1000, keptBlocks: Int = 200) {
    self.nodeCount = nodeCount
    self.keptTransactions = keptTransactions
    self.keptBlocks = keptBlocks
    tips = [Int32](repeating: -1, count: nodeCount)
  }

  /// Height of the last block; -1 if there is none.
  public var height: Int { headers.count - 1 }

  /// Number of transactions kept.
  public var transactionCount: Int { entries.count }

  /// Height of a node's last block; -1 if it has none.
  public func tip(of node: Int) -> Int { Int(tips[node]) }

  /// The transaction of a number; nil if it has been dropped.
  public func entry(_ number: Int) -> Entry? { entries[number] }

  /// The transaction with a txid, if the node has it.
  public func transaction(txid: Hash256, at node: Int) -> Transaction? { held(byTxid[txid], at: node) }

  /// The transaction with a wtxid, if the node has it.
  public func transaction(wtxid: Hash256, at node: Int) -> Transaction? { held(byWtxid[wtxid], at: node) }

  /// Height of the block with a hash; nil if the node does not have it.
  public func height(of hash: Hash256, at node: Int) -> Int? {
    guard let height = heights[hash], height <= tip(of: node) else { return nil }
    return height
  }

  /// The block of a height; nil if only its header is kept.
  public func block(at height: Int) -> Block? { blocks[height] }

  /// Adds a transaction that no node has yet; returns its number.
  mutating func add(
    _ transaction: Transaction,
    origin: Int,
    feeRate: Int64? = nil,
    isForeign: Bool = false
  ) -> Int {
    let number = inventedCount
    let entry = Entry(
      transaction: transaction,
      txid: transaction.txid,
      wtxid: transaction.wtxid,
      origin: origin,
      isForeign: isForeign,
      feeRate: feeRate,
      isMined: false,
      holders: NodeSet(nodeCount: nodeCount)
    )
    inventedCount += 1
    entries[number] = entry
    byTxid[entry.txid] = number
    byWtxid[entry.wtxid] = number
    for input in transaction.inputs { spenders[input.previous, default: []].append(number) }
    return number
  }

  /// Adds the next block of the chain, which no node has yet; returns its height.
  mutating func add(_ block: Block) -> Int {
    let hash = block.header.hash
    headers.append(block.header)
    hashes.append(hash)
    heights[hash] = height
    blocks[height] = block
    blocks[height - keptBlocks] = nil
    return height
  }

  /// Records that a node has an item from now on.
  mutating func give(_ item: Item, to node: Int) {
    switch item {
    case .transaction(let number): entries[number]?.holders.insert(node)
    case .block(let height): tips[node] = max(tips[node], Int32(height))
    }
  }

  /// Whether a node has an item.
  func has(_ item: Item, at node: Int) -> Bool {
    switch item {
    case .transaction(let number): has(number, at: node)
    case .block(let height): tip(of: node) >= height
    }
  }

  /// Records that a transaction is in the block of a height, or can be in no block if nil.
  mutating func markMined(_ number: Int, at height: Int? = nil) {
    entries[number]?.isMined = true
    entries[number]?.height = height
  }

  /// Numbers of the kept transactions that spend an output.
  func spenders(of output: OutPoint) -> [Int] { spenders[output] ?? [] }

  /// Drops the oldest transactions beyond the number to keep. It stops at the first that is still spreading,
  /// and unless `all` at the first that is not mined.
  mutating func forgetOld(all: Bool, unless isUnderWay: (Item) -> Bool) {
    while entries.count > keptTransactions, let entry = entries[oldest], all || entry.isMined,
      !isUnderWay(.transaction(oldest))
    {
      entries[oldest] = nil
      byTxid[entry.txid] = nil
      byWtxid[entry.wtxid] = nil
      for input in entry.transaction.inputs {
        spenders[input.previous]?.removeAll { $0 == oldest }
        if spenders[input.previous]?.isEmpty == true { spenders[input.previous] = nil }
      }
      oldest += 1
    }
  }

  /// Number of the transaction with a txid; nil if there is none.
  func number(txid: Hash256) -> Int? { byTxid[txid] }

  func has(_ number: Int, at node: Int) -> Bool { entries[number]?.holders.contains(node) ?? false }

  private func held(_ number: Int?, at node: Int) -> Transaction? {
    guard let number, let entry = entries[number], entry.holders.contains(node) else { return nil }
    return entry.transaction
  }
}
