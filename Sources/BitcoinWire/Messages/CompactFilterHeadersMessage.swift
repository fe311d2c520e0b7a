import Bytes
import JSON

/// `cfheaders`: the hashes of the filters of a range of blocks (BIP157).
///
/// Filter type, 1; hash of the last block, 32; the filter header before the first block, 32; filter hashes,
/// CompactSize count of at most 2000 and 32 bytes each.
public struct CompactFilterHeadersMessage: MessagePayload {
  /// The most filter hashes in one message (`MAX_GETCFHEADERS_SIZE`).
  public static let maximumCount = CompactFilterRangeMessage.maximumHeaders

  /// The type of the filters; 0 is basic (BIP158).
  public var filterType: UInt8

  /// The hash of the last block.
  public var stop: Hash256

  /// The filter header of the block before the first.
  public var previous: Hash256

  /// The hashes of the filters, the first block's first.
  public var filterHashes: [Hash256]

  /// Creates a message from its fields.
  public init(filterType: UInt8 = 0, stop: Hash256, previous: Hash256, filterHashes: [Hash256]) {
    self.filterType = filterType
    self.stop = stop
    self.previous = previous
    self.filterHashes = filterHashes
  }

  /// Reads the fields.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    filterType = try reader.little(UInt8.self, "filter type")
    stop = try reader.hash("stop hash")
    previous = try reader.hash("previous filter header")
    filterHashes = try reader.hashes("filter hash count", of: "filter hash", maximum: Self.maximumCount)
  }

  /// Appends the fields.
  public func append(to bytes: inout [UInt8]) {
    bytes.append(filterType)
    bytes.append(stop)
    bytes.append(previous)
    bytes.appendCounted(filterHashes)
  }

  /// Writes every field.
  public func write(to json: inout JSONWriter, in dialect: Dialect) {
    json.member("filter_type", filterType)
    json.member("stop", stop)
    json.member("previous", previous)
    json.member("filter_hashes", filterHashes)
  }

  /// Makes the message from its fields: `filter_type` (0), `stop`, `previous` (zero), `filter_hashes`.
  public init(fields: inout FieldReader) throws(FieldError) {
    self.init(
      filterType: try fields.integer("filter_type", default: 0),
      stop: try fields.requiredHash("stop"),
      previous: try fields.hash("previous") ?? .zero,
      filterHashes: try fields.hashes("filter_hashes")
    )
  }

  /// The number of hashes, and the last block.
  public func summary(in dialect: Dialect) -> String {
    "\(filterHashes.count) to \(stop.abbreviation)"
  }

  /// The fields that a user may write.
  public static let fields: [MessageField] = [
    .required("stop"), .optional("previous"), .optional("filter_hashes", "=HASH,…"), .optional("filter_type"),
  ]

  /// Messages for tests, and seeds for fuzzing.
  public static let samples = [
    CompactFilterHeadersMessage(
      stop: BlockHeader.sample.hash,
      previous: .zero,
      filterHashes: [BlockHeader.sample.merkleRoot, Transaction.samples[0].txid]
    )
  ]
}

extension Command {
  /// Carries hashes of compact filters (BIP157).
  public static let cfheaders: Command = "cfheaders"
}

extension MessageKind {
  /// `cfheaders`.
  static let cfheaders = MessageKind(
    .cfheaders,
    Message.cfheaders,
    bips: [157],
    limits: [("filter hash count", CompactFilterHeadersMessage.maximumCount)]
  )
}
