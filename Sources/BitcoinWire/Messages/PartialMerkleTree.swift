import Bytes

/// The part of a block's Merkle tree that proves that some transactions are in the block (BIP37).
///
/// The tree is walked depth first. Every visited node has a flag: whether a match is below it. A leaf, or a
/// node without a match, has a hash; the children of any other node are visited.
public struct PartialMerkleTree: Hashable, Sendable {
  /// The most transactions that Bitcoin Core accepts for a block: `MAX_BLOCK_WEIGHT` /
  /// `MIN_TRANSACTION_WEIGHT`.
  public static let maximumTransactions = 4_000_000 / 240

  /// A transaction that the tree proves to be in the block.
  public struct Match: Hashable, Sendable {
    /// The transaction's position in the block, from 0.
    public var index: Int

    /// The transaction's txid.
    public var txid: Hash256

    /// Joins a position and a txid.
    public init(index: Int, txid: Hash256) {
      self.index = index
      self.txid = txid
    }
  }

  /// The number of transactions in the block, as claimed by the sender.
  public var transactionCount: UInt32

  /// The hashes of the nodes that have one, depth first.
  public var hashes: [Hash256]

  /// The nodes' flags depth first, eight in a byte, the least significant bit first.
  public var flags: [UInt8]

  /// Creates a tree from its parts without checking them.
  public init(transactionCount: UInt32, hashes: [Hash256], flags: [UInt8]) {
    self.transactionCount = transactionCount
    self.hashes = hashes
    self.flags = flags
  }

  /// Creates the proof that some transactions are in a block. `txids` are all of the block's; `isMatch`
  /// selects by position.
  public init(txids: [Hash256], matching isMatch: (Int) -> Bool) {
    var builder = Builder(txids: txids, isMatch: isMatch)
    if !txids.isEmpty { builder.visit(height: Self.height(txids.count), position: 0) }
    self.init(
      transactionCount: UInt32(txids.count),
      hashes: builder.hashes,
      flags: stride(from: 0, to: builder.flags.count, by: 8).map { start in
        let eight = builder.flags[start..<min(start + 8, builder.flags.count)]
        return eight.reversed().reduce(0) { $0 << 1 | ($1 ? 1 : 0) }
      }
    )
  }

  /// Verifies the tree. Returns its root and the matching transactions in the block's order. Nil if Bitcoin
  /// Core (`CPartialMerkleTree::ExtractMatches`) refuses the tree: no transactions or too many, hashes or
  /// flags missing or left over, two equal siblings.
  public func extract() -> (root: Hash256, matches: [Match])? {
    guard (1...Self.maximumTransactions).contains(Int(transactionCount)), hashes.count <= transactionCount,
      flags.count * 8 >= hashes.count
    else { return nil }
    var walk = Walk(tree: self)
    guard let root = walk.visit(height: Self.height(Int(transactionCount)), position: 0) else { return nil }
    guard (walk.flagsUsed + 7) / 8 == flags.count, walk.hashesUsed == hashes.count else { return nil }
    return (root, walk.matches)
  }

  private static func height(_ count: Int) -> Int {
    var height = 0
    while width(count, height) > 1 { height += 1 }
    return height
  }

  private static func width(_ count: Int, _ height: Int) -> Int { (count + (1 << height) - 1) >> height }
}

extension PartialMerkleTree {
  /// Walks a tree and consumes its flags and hashes.
  private struct Walk {
    let tree: PartialMerkleTree
    var flagsUsed = 0
    var hashesUsed = 0
    var matches: [Match] = []

    /// Returns the hash of a node; nil if the tree is invalid.
    mutating func visit(height: Int, position: Int) -> Hash256? {
      guard flagsUsed < tree.flags.count * 8 else { return nil }
      let flag = tree.flags[flagsUsed / 8] >> (flagsUsed % 8) & 1 == 1
      flagsUsed += 1
      guard height > 0, flag else {
        guard hashesUsed < tree.hashes.count else { return nil }
        let hash = tree.hashes[hashesUsed]
        hashesUsed += 1
        if flag { matches.append(Match(index: position, txid: hash)) }
        return hash
      }
      let below = position * 2
      guard let left = visit(height: height - 1, position: below) else { return nil }
      guard below + 1 < width(Int(tree.transactionCount), height - 1) else { return Hash256(left, left) }
      guard let right = visit(height: height - 1, position: below + 1), right != left else { return nil }
      return Hash256(left, right)
    }
  }

  /// Walks a block's Merkle tree and produces flags and hashes.
  private struct Builder {
    let txids: [Hash256]
    let isMatch: [Bool]
    var flags: [Bool] = []
    var hashes: [Hash256] = []

    init(txids: [Hash256], isMatch: (Int) -> Bool) {
      self.txids = txids
      self.isMatch = txids.indices.map(isMatch)
    }

    mutating func visit(height: Int, position: Int) {
      let below = position << height..<min((position + 1) << height, txids.count)
      let flag = isMatch[below].contains(true)
      flags.append(flag)
      guard height > 0, flag else {
        hashes.append(hash(height: height, position: position))
        return
      }
      visit(height: height - 1, position: position * 2)
      guard position * 2 + 1 < width(txids.count, height - 1) else { return }
      visit(height: height - 1, position: position * 2 + 1)
    }

    func hash(height: Int, position: Int) -> Hash256 {
      guard height > 0 else { return txids[position] }
      let left = hash(height: height - 1, position: position * 2)
      let hasRight = position * 2 + 1 < width(txids.count, height - 1)
      return Hash256(left, hasRight ? hash(height: height - 1, position: position * 2 + 1) : left)
    }
  }
}
