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
  public func write(to json: inout JSONWriter, in dialect: Dialect) {
    header.write(to: &json)
    json.member("short_id_nonce", fixedHexadecimal: nonce)
    json.member("short_ids", shortIDs)
    json.objects("prefilled", prefilled) { json, item in
      json.member("index", item.index)
      item.transaction.write(to: &json, in: dialect)
    }
  }

  /// Takes the fields, those of the header among them.
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

  /// The block, and how its transactions are sent.
  public func summary(in dialect: Dialect) -> String {
    "\(header.hash) \(shortIDs.count) short ids \(prefilled.count) tx"
  }

  /// What a person may write of it.
  public static let fields: [MessageField] =
    BlockHeader.fields
    + [.optional("short_id_nonce"), .optional("short_ids", "=N,…"), .optional("prefilled", " (in JSON)")]

  /// For tests and fuzzing.
  public static let samples = [
    CompactBlockMessage(
      header: .sample,
      nonce: 0x0102_0304_0506_0708,
      shortIDs: [1, 0x1234_5678_9abc, 0xffff_ffff_ffff],
      prefilled: zip([0, 3], Transaction.samples).map { Prefilled(index: $0, transaction: $1) }
    )
  ]

  /// What makes the short ids of this message.
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
