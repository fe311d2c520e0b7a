import BitcoinWire

/// Every transaction and block of the network, and which node has which.
public struct Ledger: Sendable {
  /// Names something that is announced.
  public enum Item: Hashable, Sendable {
    /// A transaction, by how many were invented before it.
    case transaction(Int)
    /// The block of a height: there is one chain.
    case block(Int)
  }

  /// A transaction of the network.
  public struct Entry: Sendable {
    /// The transaction.
    public let transaction: Transaction
    /// Its name without witnesses.
    public let txid: Hash256
    /// Its name with witnesses.
    public let wtxid: Hash256
    /// The node that invented it, or got it from an observer.
    public let origin: Int
    /// Whether it is an observer's: the network spends nothing of it by itself.
    public let isForeign: Bool
    /// What it pays, in satoshis per 1,000 virtual bytes; nil where that is not known.
    public let feeRate: Int64?
    /// Whether it is in a block, or will be in none.
    public internal(set) var isMined: Bool
    /// Height of the block it is in; nil where it is in none.
    public internal(set) var height: Int?

    var holders: NodeSet
  }

  /// How many transactions were invented so far.
  public private(set) var inventedCount = 0

  /// The headers of the chain by height.
  public private(set) var headers: [BlockHeader] = []

  /// The names of the blocks by height.
  public private(set) var hashes: [Hash256] = []

  /// Outputs that every node knows to exist, and that no block has spent.
  var coins: Set<OutPoint> = []

  /// What nodes hold back.
  var orphans = Orphanage()

  /// What nodes refused since the last block.
  var refused: Set<Refusal> = []

  /// The most refusals remembered (as much as Bitcoin Core's filter holds).
  static let maximumRefused = 120_000

  /// A node refused a transaction of some name.
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

  /// A ledger of no transactions and blocks.
  public init(nodeCount: Int, keptTransactions: Int = 1000, keptBlocks: Int = 200) {
    self.nodeCount = nodeCount
    self.keptTransactions = keptTransactions
    self.keptBlocks = keptBlocks
    tips = [Int32](repeating: -1, count: nodeCount)
  }

  /// Height of the last block; -1 where there is none.
  public var height: Int { headers.count - 1 }

  /// How many transactions are remembered.
  public var transactionCount: Int { entries.count }

  /// Height of the last block that a node has; -1 where it has none.
  public func tip(of node: Int) -> Int { Int(tips[node]) }

  /// The transaction invented as number `number`; nil where it is forgotten.
  public func entry(_ number: Int) -> Entry? { entries[number] }

  /// The transaction that a node has under a txid.
  public func transaction(txid: Hash256, at node: Int) -> Transaction? { held(byTxid[txid], at: node) }

  /// The transaction that a node has under a wtxid.
  public func transaction(wtxid: Hash256, at node: Int) -> Transaction? { held(byWtxid[wtxid], at: node) }

  /// Height of a block that a node has; nil where it has no block of this name.
  public func height(of hash: Hash256, at node: Int) -> Int? {
    guard let height = heights[hash], height <= tip(of: node) else { return nil }
    return height
  }

  /// A block by height; nil where only its header is remembered.
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

  /// Notes that a node has something from now on.
  mutating func give(_ item: Item, to node: Int) {
    switch item {
    case .transaction(let number): entries[number]?.holders.insert(node)
    case .block(let height): tips[node] = max(tips[node], Int32(height))
    }
  }

  /// Whether a node has something.
  func has(_ item: Item, at node: Int) -> Bool {
    switch item {
    case .transaction(let number): has(number, at: node)
    case .block(let height): tip(of: node) >= height
    }
  }

  /// Notes that a transaction is in the block of a height, or, where there is none, will be in no block.
  mutating func markMined(_ number: Int, at height: Int? = nil) {
    entries[number]?.isMined = true
    entries[number]?.height = height
  }

  /// The transactions that spend an output, of those that are remembered.
  func spenders(of output: OutPoint) -> [Int] { spenders[output] ?? [] }

  /// Forgets the oldest transactions beyond those to be kept; unless `all`, only mined ones, and none that is still
  /// under way.
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

  /// The number of a transaction; nil where there is none of this name.
  func number(txid: Hash256) -> Int? { byTxid[txid] }

  func has(_ number: Int, at node: Int) -> Bool { entries[number]?.holders.contains(node) ?? false }

  private func held(_ number: Int?, at node: Int) -> Transaction? {
    guard let number, let entry = entries[number], entry.holders.contains(node) else { return nil }
    return entry.transaction
  }
}
