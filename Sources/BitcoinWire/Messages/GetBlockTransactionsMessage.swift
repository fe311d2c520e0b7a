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
  public func write(to json: inout JSONWriter) {
    json.member("block", block)
    json.member("indexes", indexes)
  }
}
