import Bytes
import JSON

/// `cfcheckpt`: every thousandth filter header (BIP157).
///
/// Filter type, 1; hash of a block, 32; filter headers, CompactSize count and 32 bytes each.
public struct CompactFilterCheckpointsMessage: MessagePayload {
  /// The number of blocks from one filter header to the next (`CFCHECKPT_INTERVAL`).
  public static let interval = 1000

  /// The type of the filters; 0 is basic (BIP158).
  public var filterType: UInt8

  /// The hash of the last block of the range.
  public var stop: Hash256

  /// The filter headers of blocks 1000, 2000 and so on.
  public var filterHeaders: [Hash256]

  /// Creates a message from its fields.
  public init(filterType: UInt8 = 0, stop: Hash256, filterHeaders: [Hash256]) {
    self.filterType = filterType
    self.stop = stop
    self.filterHeaders = filterHeaders
  }

  /// Reads the fields.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    filterType = try reader.little(UInt8.self, "filter type")
    stop = try reader.hash("stop hash")
    filterHeaders = try reader.hashes("filter header count", of: "filter header", maximum: .maximumSize)
  }

  /// Appends the fields.
  public func append(to bytes: inout [UInt8]) {
    bytes.append(filterType)
    bytes.append(stop)
    bytes.appendCounted(filterHeaders)
  }

  /// Writes every field.
  public func write(to json: inout JSONWriter, in dialect: Dialect) {
    json.member("filter_type", filterType)
    json.member("stop", stop)
    json.member("filter_headers", filterHeaders)
  }

  /// Makes the message from its fields: `filter_type` (0), `stop`, `filter_headers`.
  public init(fields: inout FieldReader) throws(FieldError) {
    self.init(
      filterType: try fields.integer("filter_type", default: 0),
      stop: try fields.requiredHash("stop"),
      filterHeaders: try fields.hashes("filter_headers")
    )
  }

  /// The number of headers, and the last block.
  public func summary(in dialect: Dialect) -> String {
    "\(filterHeaders.count) to \(stop.abbreviation)"
  }

  /// The fields that a user may write.
  public static let fields: [MessageField] = [
    .required("stop"), .optional("filter_headers", "=HASH,…"), .optional("filter_type"),
  ]

  /// Messages for tests, and seeds for fuzzing.
  public static let samples = [
    CompactFilterCheckpointsMessage(
      stop: BlockHeader.sample.hash,
      filterHeaders: [BlockHeader.sample.merkleRoot]
    )
  ]
}

extension Command {
  /// Carries every thousandth filter header (BIP157).
  public static let cfcheckpt: Command = "cfcheckpt"
}

extension MessageKind {
  /// `cfcheckpt`.
  static let cfcheckpt = MessageKind(.cfcheckpt, Message.cfcheckpt, bips: [157])
}
