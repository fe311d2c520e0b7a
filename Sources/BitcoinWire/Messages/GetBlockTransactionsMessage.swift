import Bytes
import JSON

/// `getblocktxn`: requests transactions of a compact block (BIP152).
///
/// Hash of the block, 32; positions, CompactSize count and each a CompactSize: the number of positions
/// between it and the previous one. No position exceeds 65,535.
public struct GetBlockTransactionsMessage: MessagePayload {
  /// The last position that can be requested.
  public static let maximumIndex = 65_535

  /// The hash of the block.
  public var block: Hash256

  /// The positions of the requested transactions in the block, from 0. They must increase.
  public var indexes: [UInt16]

  /// Creates a message from its fields.
  public init(block: Hash256, indexes: [UInt16]) {
    self.block = block
    self.indexes = indexes
  }

  /// Reads the fields.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    block = try reader.hash("block")
    let count = try reader.count("index count", maximum: Self.maximumIndex + 1, size: 1)
    indexes = []
    indexes.reserveCapacity(count)
    var places = DifferentialIndexes()
    for _ in 0..<count {
      indexes.append(try places.next("transaction index", maximum: Self.maximumIndex, from: &reader))
    }
  }

  /// Appends the fields; traps if the positions do not increase.
  public func append(to bytes: inout [UInt8]) {
    bytes.append(block)
    bytes.appendCompactSize(indexes.count)
    var places = DifferentialIndexes()
    for index in indexes { places.append(index, to: &bytes) }
  }

  /// Writes every field.
  public func write(to json: inout JSONWriter, in dialect: Dialect) {
    json.member("block", block)
    json.member("indexes", indexes)
  }

  /// Makes the message from its fields.
  public init(fields: inout FieldReader) throws(FieldError) {
    self.init(block: try fields.requiredHash("block"), indexes: try fields.integers("indexes"))
    try fields.requireIncreasing(indexes, "indexes")
  }

  /// The block, and the number of requested transactions.
  public func summary(in dialect: Dialect) -> String {
    "\(block.abbreviation) \(indexes.count) tx"
  }

  /// The fields that a user may write.
  public static let fields: [MessageField] = [.required("block"), .optional("indexes", "=N,…")]

  /// Messages for tests, and seeds for fuzzing.
  public static let samples = [
    GetBlockTransactionsMessage(block: BlockHeader.sample.hash, indexes: [0, 300, .max])
  ]
}

extension Command {
  /// Requests transactions of a compact block (BIP152).
  public static let getblocktxn: Command = "getblocktxn"
}

extension MessageKind {
  /// `getblocktxn`.
  static let getblocktxn = MessageKind(
    .getblocktxn,
    Message.getblocktxn,
    bips: [152],
    since: 70014,
    limits: [("transaction index", GetBlockTransactionsMessage.maximumIndex)]
  )
}
