import Bytes
import JSON

/// `merkleblock`: a block's header, and a proof of its transactions that match the filter (BIP37).
///
/// The header, 80; number of transactions in the block, 4 little-endian; hashes, CompactSize count and 32
/// bytes each; flags, CompactSize length and bytes. Decoding does not verify the proof.
public struct MerkleBlockMessage: MessagePayload {
  /// The header of the block.
  public var header: BlockHeader

  /// The proof that transactions are in the block.
  public var tree: PartialMerkleTree

  /// Creates a message from its parts.
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

  /// Makes the message from its fields and those of the header.
  public init(fields: inout FieldReader) throws(FieldError) {
    let header = try BlockHeader(fields: &fields)
    let tree = PartialMerkleTree(
      transactionCount: try fields.integer("transaction_count"),
      hashes: try fields.hashes("hashes"),
      flags: try fields.bytes("flags", default: [])
    )
    self.init(header: header, tree: tree)
  }

  /// The block, and the number of transactions that the tree proves.
  public func summary(in dialect: Dialect) -> String {
    "\(header.hash) "
      + (matches.map { "\($0.count) of \(tree.transactionCount) tx" } ?? "proves nothing")
  }

  /// The fields that a user may write.
  public static let fields: [MessageField] =
    BlockHeader.fields + [.required("transaction_count"), .optional("hashes", "=HASH,…"), .optional("flags")]

  /// Messages for tests, and seeds for fuzzing.
  public static let samples = [
    MerkleBlockMessage(
      header: .sample,
      tree: PartialMerkleTree(txids: [BlockHeader.sample.merkleRoot]) { _ in true }
    )
  ]

  /// The transactions that the tree proves to be in the block, in the block's order; nil if the proof is
  /// invalid or is for another block. Hashes every node of the tree.
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
