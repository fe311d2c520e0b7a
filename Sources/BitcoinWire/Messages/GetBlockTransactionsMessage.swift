import Bytes
import JSON

/// `getblocktxn`: asks for transactions of a compact block (BIP152).
///
/// Hash of the block, 32; places, CompactSize count and each a CompactSize: how far it is from the one
/// before, at most 65,535 when added up.
public struct GetBlockTransactionsMessage: MessagePayload {
  /// The last place that can be asked for.
  public static let maximumIndex = 65_535

  /// The block.
  public var block: Hash256

  /// The places in the block, from 0, of the transactions wanted. They must increase.
  public var indexes: [UInt16]

  /// Creates a message of these fields.
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

  /// Appends the fields; a precondition failure where places do not increase.
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

  /// Takes the fields.
  public init(fields: inout FieldReader) throws(FieldError) {
    self.init(block: try fields.requiredHash("block"), indexes: try fields.integers("indexes"))
    try fields.requireIncreasing(indexes, "indexes")
  }

  /// The block, and how many transactions are wanted.
  public func summary(in dialect: Dialect) -> String {
    "\(block.abbreviation) \(indexes.count) tx"
  }

  /// What a person may write of it.
  public static let fields: [MessageField] = [.required("block"), .optional("indexes", "=N,…")]

  /// For tests and fuzzing.
  public static let samples = [
    GetBlockTransactionsMessage(block: BlockHeader.sample.hash, indexes: [0, 300, .max])
  ]
}

extension Command {
  /// Asks for transactions of a compact block (BIP152).
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
