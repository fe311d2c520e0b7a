import Bytes
import JSON

/// The header of a block, 80 bytes: version, 4; previous block, 32; Merkle root, 32; time, 4; bits, 4;
/// nonce, 4. Integers are little-endian.
public struct BlockHeader: WireValue {
  /// Length on the wire in bytes.
  public static let size = 80

  /// Version; some bits signal readiness (BIP9).
  public var version: Int32

  /// Hash of the previous block.
  public var previous: Hash256

  /// Root of the Merkle tree over the txids of all transactions.
  public var merkleRoot: Hash256

  /// Time of creation, in seconds since the Unix epoch, as claimed by the miner.
  public var time: UInt32

  /// The target that the hash must not exceed, in compact form.
  public var bits: UInt32

  /// The number that the miner varied.
  public var nonce: UInt32

  /// Creates a header from its fields.
  public init(
    version: Int32,
    previous: Hash256,
    merkleRoot: Hash256,
    time: UInt32,
    bits: UInt32,
    nonce: UInt32
  ) {
    self.version = version
    self.previous = previous
    self.merkleRoot = merkleRoot
    self.time = time
    self.bits = bits
    self.nonce = nonce
  }

  /// Reads the 80 bytes.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    version = try reader.little(Int32.self, "block version")
    previous = try reader.hash("previous block")
    merkleRoot = try reader.hash("merkle root")
    time = try reader.little(UInt32.self, "block time")
    bits = try reader.little(UInt32.self, "block bits")
    nonce = try reader.little(UInt32.self, "block nonce")
  }

  /// Appends the 80 bytes.
  public func append(to bytes: inout [UInt8]) {
    bytes.appendLittle(version)
    bytes.append(previous)
    bytes.append(merkleRoot)
    bytes.appendLittle(time)
    bytes.appendLittle(bits)
    bytes.appendLittle(nonce)
  }

  /// Makes the header from its fields; ignores `hash`, which follows from them.
  init(fields: inout FieldReader) throws(FieldError) {
    fields.skip("hash")
    guard let bits: UInt32 = try fields.fixed("bits") else { throw fields.error("bits", "is missing") }
    self.init(
      version: try fields.integer("version"),
      previous: try fields.requiredHash("previous"),
      merkleRoot: try fields.requiredHash("merkle_root"),
      time: try fields.integer("time"),
      bits: bits,
      nonce: try fields.integer("nonce")
    )
  }

  /// Writes the hash and every field.
  func write(to json: inout JSONWriter) {
    json.member("hash", hash)
    json.member("version", version)
    json.member("previous", previous)
    json.member("merkle_root", merkleRoot)
    json.member("time", time)
    json.member("bits", fixedHexadecimal: bits)
    json.member("nonce", nonce)
  }

  /// The fields that a user may write.
  static let fields: [MessageField] = ["version", "previous", "merkle_root", "time", "bits", "nonce"].map {
    .required($0)
  }

  /// The genesis block's header of Bitcoin's main network.
  public static let sample = BlockHeader(
    version: 1,
    previous: .zero,
    merkleRoot: "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b",
    time: 1_231_006_505,
    bits: 0x1d00_ffff,
    nonce: 2_083_236_893
  )

  /// The block's hash: the double SHA-256 of the 80 bytes. Computed on each access.
  public var hash: Hash256 { Hash256(doubleSHA256: bytes.span.bytes) }
}
