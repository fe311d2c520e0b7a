import Bytes
import JSON

/// The header of a block, 80 bytes: version, 4; previous block, 32; Merkle root, 32; time, 4; bits, 4;
/// nonce, 4. Integers are little-endian.
public struct BlockHeader: MessagePayload {
  /// Length on the wire in bytes.
  public static let size = 80

  /// Version, of which some bits signal readiness (BIP9).
  public var version: Int32

  /// Hash of the block before.
  public var previous: Hash256

  /// Root of the tree of all transactions' txids.
  public var merkleRoot: Hash256

  /// When it was made, seconds since the Unix epoch, as the miner says.
  public var time: UInt32

  /// The target that the hash must not exceed, in compact form.
  public var bits: UInt32

  /// What the miner varied.
  public var nonce: UInt32

  /// Creates a header of these fields.
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

  /// Writes the hash and every field.
  public func write(to json: inout JSONWriter) {
    json.member("hash", hash)
    json.member("version", version)
    json.member("previous", previous)
    json.member("merkle_root", merkleRoot)
    json.member("time", time)
    json.member("bits", fixedHexadecimal: bits)
    json.member("nonce", nonce)
  }

  /// The block's name: the double SHA-256 of the 80 bytes. Computed anew each time.
  public var hash: Hash256 { Hash256(doubleSHA256: bytes.span.bytes) }
}
