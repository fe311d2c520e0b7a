import Bytes
import JSON

/// `cmpctblock`: a block whose transactions the receiver mostly has (BIP152).
///
/// The header, 80; nonce, 8; short ids, CompactSize count and 6 bytes each; transactions sent along,
/// CompactSize count and each a CompactSize, how far it is from the one before, and the transaction with its
/// witnesses. Integers are little-endian. At most 65,535 short ids and transactions together.
public struct CompactBlockMessage: MessagePayload {
  /// The most transactions a block can have in this form: their places are 16-bit numbers.
  public static let maximumTransactions = 65_535

  /// Length of a short id on the wire in bytes.
  public static let shortIDSize = 6

  /// A transaction that the sender believes the receiver not to have.
  public struct Prefilled: Hashable, Sendable {
    /// Its place in the block, from 0.
    public var index: UInt16

    /// The transaction.
    public var transaction: Transaction

    /// Joins a place and what is there.
    public init(index: UInt16, transaction: Transaction) {
      self.index = index
      self.transaction = transaction
    }
  }

  /// The header of the block.
  public var header: BlockHeader

  /// What makes short ids differ from sender to sender.
  public var nonce: UInt64

  /// The short ids of the transactions that are not sent along, in the block's order; of each the lower 48
  /// bits are written.
  public var shortIDs: [UInt64]

  /// The transactions that are sent along, in the block's order: their places must increase.
  public var prefilled: [Prefilled]

  /// Creates a message of these parts.
  public init(header: BlockHeader, nonce: UInt64, shortIDs: [UInt64], prefilled: [Prefilled]) {
    self.header = header
    self.nonce = nonce
    self.shortIDs = shortIDs
    self.prefilled = prefilled
  }

  /// Reads the parts. As Bitcoin Core does, it refuses places past the end of the block.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    header = try BlockHeader(from: &reader)
    nonce = try reader.little(UInt64.self, "compact block nonce")
    let shortCount = try reader.count(
      "short id count",
      maximum: Self.maximumTransactions,
      size: Self.shortIDSize
    )
    shortIDs = []
    shortIDs.reserveCapacity(shortCount)
    for _ in 0..<shortCount {
      let low = UInt64(try reader.little(UInt32.self, "short id"))
      shortIDs.append(low | UInt64(try reader.little(UInt16.self, "short id")) << 32)
    }
    let count = try reader.count(
      "prefilled count",
      maximum: Self.maximumTransactions - shortCount,
      size: 1 + Block.minimumTransactionSize
    )
    prefilled = []
    prefilled.reserveCapacity(count)
    var places = DifferentialIndexes()
    for number in 0..<count {
      // A place may be past the short ids only by the transactions that are sent along before it.
      let index = try places.next("prefilled index", maximum: shortCount + number, from: &reader)
      prefilled.append(Prefilled(index: index, transaction: try Transaction(from: &reader)))
    }
  }

  /// Appends the parts; a precondition failure where places do not increase.
  public func append(to bytes: inout [UInt8]) {
    header.append(to: &bytes)
    bytes.appendLittle(nonce)
    bytes.appendCompactSize(shortIDs.count)
    for id in shortIDs {
      bytes.appendLittle(UInt32(truncatingIfNeeded: id))
      bytes.appendLittle(UInt16(truncatingIfNeeded: id >> 32))
    }
    bytes.appendCompactSize(prefilled.count)
    var places = DifferentialIndexes()
    for item in prefilled {
      places.append(item.index, to: &bytes)
      item.transaction.append(to: &bytes)
    }
  }

  /// Writes the header with its hash, and every part.
  public func write(to json: inout JSONWriter) {
    header.write(to: &json)
    json.member("short_id_nonce", fixedHexadecimal: nonce)
    json.member("short_ids", shortIDs)
    json.objects("prefilled", prefilled) { json, item in
      json.member("index", item.index)
      item.transaction.write(to: &json)
    }
  }

  /// What makes the short ids of this message.
  public var shortIDHasher: ShortIDHasher { ShortIDHasher(header: header, nonce: nonce) }
}
