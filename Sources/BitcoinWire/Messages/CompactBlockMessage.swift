import Bytes
import JSON

/// `cmpctblock`: a block, for a receiver that has most of its transactions (BIP152).
///
/// The header, 80; nonce, 8; short ids, CompactSize count and 6 bytes each; prefilled transactions,
/// CompactSize count and each a CompactSize and the transaction with its witnesses. The CompactSize is the
/// number of positions between the transaction and the previous prefilled one. Integers are little-endian. At
/// most 65,535 short ids and transactions together.
public struct CompactBlockMessage: MessagePayload {
  /// The most transactions that a block can have in this form: their positions are 16-bit numbers.
  public static let maximumTransactions = 65_535

  /// Length of a short id on the wire in bytes.
  public static let shortIDSize = 6

  /// A transaction that the sender expects the receiver to lack.
  public struct Prefilled: Hashable, Sendable {
    /// The transaction's position in the block, from 0.
    public var index: UInt16

    /// The transaction.
    public var transaction: Transaction

    /// Joins a position and a transaction.
    public init(index: UInt16, transaction: Transaction) {
      self.index = index
      self.transaction = transaction
    }
  }

  /// The header of the block.
  public var header: BlockHeader

  /// The nonce from which the short ids derive, so that they differ between senders.
  public var nonce: UInt64

  /// The short ids of the transactions that are not prefilled, in the block's order. Only the lower 48 bits
  /// are encoded.
  public var shortIDs: [UInt64]

  /// The prefilled transactions, in the block's order. Their positions must increase.
  public var prefilled: [Prefilled]

  /// Creates a message from its parts.
  public init(header: BlockHeader, nonce: UInt64, shortIDs: [UInt64], prefilled: [Prefilled]) {
    self.header = header
    self.nonce = nonce
    self.shortIDs = shortIDs
    self.prefilled = prefilled
  }

  /// Reads the parts. Like Bitcoin Core, it refuses positions past the end of the block.
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
      // Only prefilled transactions before it can move a position past the number of short ids.
      let index = try places.next("prefilled index", maximum: shortCount + number, from: &reader)
      prefilled.append(Prefilled(index: index, transaction: try Transaction(from: &reader)))
    }
  }

  /// Appends the parts; traps if the positions do not increase.
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
  public func write(to json: inout JSONWriter, in dialect: Dialect) {
    header.write(to: &json)
    json.member("short_id_nonce", fixedHexadecimal: nonce)
    json.member("short_ids", shortIDs)
    json.objects("prefilled", prefilled) { json, item in
      json.member("index", item.index)
      item.transaction.write(to: &json, in: dialect)
    }
  }

  /// Makes the message from its fields and those of the header.
  public init(fields: inout FieldReader) throws(FieldError) {
    self.init(
      header: try BlockHeader(fields: &fields),
      nonce: try fields.fixed("short_id_nonce") ?? 0,
      shortIDs: try fields.integers("short_ids"),
      prefilled: try fields.list("prefilled") { (item: inout FieldReader) throws(FieldError) in
        Prefilled(index: try item.integer("index"), transaction: try Transaction(fields: &item))
      }
    )
    try fields.requireIncreasing(prefilled.map(\.index), "prefilled")
  }

  /// The block, and the numbers of its short ids and prefilled transactions.
  public func summary(in dialect: Dialect) -> String {
    "\(header.hash) \(shortIDs.count) short ids \(prefilled.count) tx"
  }

  /// The fields that a user may write.
  public static let fields: [MessageField] =
    BlockHeader.fields
    + [.optional("short_id_nonce"), .optional("short_ids", "=N,…"), .optional("prefilled", " (in JSON)")]

  /// Messages for tests, and seeds for fuzzing.
  public static let samples = [
    CompactBlockMessage(
      header: .sample,
      nonce: 0x0102_0304_0506_0708,
      shortIDs: [1, 0x1234_5678_9abc, 0xffff_ffff_ffff],
      prefilled: zip([0, 3], Transaction.samples).map { Prefilled(index: $0, transaction: $1) }
    )
  ]

  /// Computes the short ids of this message.
  public var shortIDHasher: ShortIDHasher { ShortIDHasher(header: header, nonce: nonce) }
}

extension Command {
  /// Carries a compact block (BIP152).
  public static let cmpctblock: Command = "cmpctblock"
}

extension MessageKind {
  /// `cmpctblock`.
  static let cmpctblock = MessageKind(
    .cmpctblock,
    Message.cmpctblock,
    bips: [152],
    since: 70014,
    limits: [("short id count", CompactBlockMessage.maximumTransactions)]
  )
}
