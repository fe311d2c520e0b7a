import Bytes
import JSON

/// `getcfcheckpt`: requests every thousandth filter header (BIP157). Filter type, 1; hash of a block, 32.
public struct GetCompactFilterCheckpointsMessage: MessagePayload {
  /// The type of the filters; 0 is basic (BIP158).
  public var filterType: UInt8

  /// The hash of the last block of the range.
  public var stop: Hash256

  /// Creates a message from its fields.
  public init(filterType: UInt8 = 0, stop: Hash256) {
    self.filterType = filterType
    self.stop = stop
  }

  /// Reads the fields.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    filterType = try reader.little(UInt8.self, "filter type")
    stop = try reader.hash("stop hash")
  }

  /// Appends the fields.
  public func append(to bytes: inout [UInt8]) {
    bytes.append(filterType)
    bytes.append(stop)
  }

  /// Writes every field.
  public func write(to json: inout JSONWriter, in dialect: Dialect) {
    json.member("filter_type", filterType)
    json.member("stop", stop)
  }

  /// Makes the message from its fields: `filter_type` (0), `stop`.
  public init(fields: inout FieldReader) throws(FieldError) {
    self.init(
      filterType: try fields.integer("filter_type", default: 0),
      stop: try fields.requiredHash("stop")
    )
  }

  /// The last block.
  public func summary(in dialect: Dialect) -> String {
    "to \(stop.abbreviation)"
  }

  /// The fields that a user may write.
  public static let fields: [MessageField] = [.required("stop"), .optional("filter_type")]

  /// Messages for tests, and seeds for fuzzing.
  public static let samples = [GetCompactFilterCheckpointsMessage(stop: BlockHeader.sample.hash)]
}

extension Command {
  /// Requests every thousandth filter header (BIP157).
  public static let getcfcheckpt: Command = "getcfcheckpt"
}

extension MessageKind {
  /// `getcfcheckpt`.
  static let getcfcheckpt = MessageKind(
    .getcfcheckpt,
    Message.getcfcheckpt,
    bips: [157],
    service: .compactFilters
  )
}
