import Bytes
import JSON

/// `cfilter`: the filter of a block (BIP157).
///
/// Filter type, 1; hash of the block, 32; the filter, CompactSize length and bytes.
public struct CompactFilterMessage: MessagePayload {
  /// The type of the filter; 0 is basic (BIP158).
  public var filterType: UInt8

  /// The hash of the block.
  public var block: Hash256

  /// The filter: the number of its elements as a CompactSize, then their Golomb-coded set (BIP158).
  public var filter: [UInt8]

  /// Creates a message from its fields.
  public init(filterType: UInt8 = 0, block: Hash256, filter: [UInt8]) {
    self.filterType = filterType
    self.block = block
    self.filter = filter
  }

  /// Reads the fields without decoding the filter.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    filterType = try reader.little(UInt8.self, "filter type")
    block = try reader.hash("block")
    filter = try reader.counted("filter", maximum: .maximumSize)
  }

  /// Appends the fields.
  public func append(to bytes: inout [UInt8]) {
    bytes.append(filterType)
    bytes.append(block)
    bytes.appendCounted(filter)
  }

  /// Writes every field.
  public func write(to json: inout JSONWriter, in dialect: Dialect) {
    json.member("filter_type", filterType)
    json.member("block", block)
    json.hexadecimal("filter", filter)
  }

  /// Makes the message from its fields: `filter_type` (0), `block`, `filter`.
  public init(fields: inout FieldReader) throws(FieldError) {
    self.init(
      filterType: try fields.integer("filter_type", default: 0),
      block: try fields.requiredHash("block"),
      filter: try fields.bytes("filter")
    )
  }

  /// The block, and the size of the filter.
  public func summary(in dialect: Dialect) -> String {
    "\(block.abbreviation) \(filter.count) bytes"
  }

  /// The fields that a user may write.
  public static let fields: [MessageField] = [
    .required("block"), .required("filter"), .optional("filter_type"),
  ]

  /// Messages for tests, and seeds for fuzzing.
  public static let samples = [
    CompactFilterMessage(block: BlockHeader.sample.hash, filter: [0x01, 0x9d, 0xfc, 0xa8])
  ]

  /// The filter's hash in a `cfheaders`. Computed on each access.
  public var filterHash: Hash256 { Hash256(doubleSHA256: filter.span.bytes) }

  /// The filter's header: the double SHA-256 of its hash and the previous filter's header.
  public func filterHeader(after previous: Hash256) -> Hash256 { Hash256(filterHash, previous) }
}

extension Command {
  /// Carries a compact filter (BIP157).
  public static let cfilter: Command = "cfilter"
}

extension MessageKind {
  /// `cfilter`.
  static let cfilter = MessageKind(.cfilter, Message.cfilter, bips: [157, 158])
}
