import Bytes
import JSON

/// `getcfilters` and `getcfheaders`: request the filters of a range of blocks, or their hashes (BIP157).
///
/// Filter type, 1; height of the first block, 4 little-endian; hash of the last, 32. The range is at most
/// 1000 or 2000 blocks; only a node with the chain can check that.
public struct CompactFilterRangeMessage: MessagePayload {
  /// The most blocks in a `getcfilters` (`MAX_GETCFILTERS_SIZE`).
  public static let maximumFilters = 1000

  /// The most blocks in a `getcfheaders` (`MAX_GETCFHEADERS_SIZE`).
  public static let maximumHeaders = 2000

  /// The type of the filters; 0 is basic (BIP158), the only type that Bitcoin Core knows.
  public var filterType: UInt8

  /// The height of the first block.
  public var startHeight: UInt32

  /// The hash of the last block.
  public var stop: Hash256

  /// Creates a message from its fields.
  public init(filterType: UInt8 = 0, startHeight: UInt32, stop: Hash256) {
    self.filterType = filterType
    self.startHeight = startHeight
    self.stop = stop
  }

  /// Reads the fields.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    filterType = try reader.little(UInt8.self, "filter type")
    startHeight = try reader.little(UInt32.self, "start height")
    stop = try reader.hash("stop hash")
  }

  /// Appends the fields.
  public func append(to bytes: inout [UInt8]) {
    bytes.append(filterType)
    bytes.appendLittle(startHeight)
    bytes.append(stop)
  }

  /// Writes every field.
  public func write(to json: inout JSONWriter, in dialect: Dialect) {
    json.member("filter_type", filterType)
    json.member("start_height", startHeight)
    json.member("stop", stop)
  }

  /// Makes the message from its fields: `filter_type` (0), `start_height`, `stop`.
  public init(fields: inout FieldReader) throws(FieldError) {
    self.init(
      filterType: try fields.integer("filter_type", default: 0),
      startHeight: try fields.integer("start_height"),
      stop: try fields.requiredHash("stop")
    )
  }

  /// The range of blocks.
  public func summary(in dialect: Dialect) -> String {
    "from \(startHeight) to \(stop.abbreviation)"
  }

  /// The fields that a user may write.
  public static let fields: [MessageField] = [
    .required("start_height"), .required("stop"), .optional("filter_type"),
  ]

  /// Messages for tests, and seeds for fuzzing.
  public static let samples = [
    CompactFilterRangeMessage(startHeight: 1, stop: BlockHeader.sample.hash),
    CompactFilterRangeMessage(filterType: 7, startHeight: 2, stop: BlockHeader.sample.hash),
  ]
}

extension Command {
  /// Requests compact filters (BIP157).
  public static let getcfilters: Command = "getcfilters"
  /// Requests hashes of compact filters (BIP157).
  public static let getcfheaders: Command = "getcfheaders"
}

extension MessageKind {
  /// `getcfilters`.
  static let getcfilters = MessageKind(
    .getcfilters,
    Message.getcfilters,
    bips: [157],
    service: .compactFilters,
    limits: [("blocks", CompactFilterRangeMessage.maximumFilters)]
  )

  /// `getcfheaders`.
  static let getcfheaders = MessageKind(
    .getcfheaders,
    Message.getcfheaders,
    bips: [157],
    service: .compactFilters,
    limits: [("blocks", CompactFilterRangeMessage.maximumHeaders)]
  )
}
