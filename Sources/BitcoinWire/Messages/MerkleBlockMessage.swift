import Bytes
import JSON

/// `merkleblock`: a block's header, and proof of which of its transactions match the filter (BIP37).
///
/// The header, 80; number of transactions in the block, 4 little-endian; hashes, CompactSize count and 32
/// bytes each; flags, CompactSize length and bytes. Reading does not look whether the proof holds.
public struct MerkleBlockMessage: MessagePayload {
  /// The header of the block.
  public var header: BlockHeader

  /// What proves that transactions are in the block.
  public var tree: PartialMerkleTree

  /// Creates a message of these parts.
  public init(header: BlockHeader, tree: PartialMerkleTree) {
    self.header = header
    self.tree = tree
  }

  /// Reads the header and the tree.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    header = try BlockHeader(from: &reader)
    let count = try reader.little(UInt32.self, "transaction count")
    let hashes = try reader.hashes("hash count", of: "tree hash", maximum: .maximumSize)
    let flags = try reader.counted("flag bytes", maximum: .maximumSize)
    tree = PartialMerkleTree(transactionCount: count, hashes: hashes, flags: flags)
  }

  /// Appends the header and the tree.
  public func append(to bytes: inout [UInt8]) {
    header.append(to: &bytes)
    bytes.appendLittle(tree.transactionCount)
    bytes.appendCounted(tree.hashes)
    bytes.appendCounted(tree.flags)
  }

  /// Writes the header with its hash, and the tree.
  public func write(to json: inout JSONWriter, in dialect: Dialect) {
    header.write(to: &json)
    json.member("transaction_count", tree.transactionCount)
    json.member("hashes", tree.hashes)
    json.hexadecimal("flags", tree.flags)
  }

  /// Takes the fields, those of the header among them.
  public init(fields: inout FieldReader) throws(FieldError) {
    let header = try BlockHeader(fields: &fields)
    let tree = PartialMerkleTree(
      transactionCount: try fields.integer("transaction_count"),
      hashes: try fields.hashes("hashes"),
      flags: try fields.bytes("flags", default: [])
    )
    self.init(header: header, tree: tree)
  }

  /// The block, and what the tree proves.
  public func summary(in dialect: Dialect) -> String {
    "\(header.hash) "
      + (matches.map { "\($0.count) of \(tree.transactionCount) tx" } ?? "proves nothing")
  }

  /// What a person may write of it.
  public static let fields: [MessageField] =
    BlockHeader.fields + [.required("transaction_count"), .optional("hashes", "=HASH,…"), .optional("flags")]

  /// For tests and fuzzing.
  public static let samples = [
    MerkleBlockMessage(
      header: .sample,
      tree: PartialMerkleTree(txids: [BlockHeader.sample.merkleRoot]) { _ in true }
    )
  ]

  /// The transactions that the tree proves to be in the block, in the block's order; nil where it proves
  /// nothing, or something about another block. Hashes every node of the tree.
  public var matches: [PartialMerkleTree.Match]? {
    guard let extract = tree.extract(), extract.root == header.merkleRoot else { return nil }
    return extract.matches
  }
}

extension Command {
  /// Carries a filtered block (BIP37).
  public static let merkleblock: Command = "merkleblock"
}

extension MessageKind {
  /// `merkleblock`.
  static let merkleblock = MessageKind(.merkleblock, Message.merkleblock, bips: [37], since: 70001)
}
