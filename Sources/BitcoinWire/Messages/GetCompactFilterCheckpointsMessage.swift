import Bytes
import JSON

/// `getcfcheckpt`: asks for every thousandth filter header (BIP157). Filter type, 1; hash of a block, 32.
public struct GetCompactFilterCheckpointsMessage: MessagePayload {
  /// What is in the filters; 0 is basic (BIP158).
  public var filterType: UInt8

  /// The block up to which they are wanted.
  public var stop: Hash256

  /// Creates a message of these fields.
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

  /// Takes the fields: `filter_type` (0), `stop`.
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

  /// What a person may write of it.
  public static let fields: [MessageField] = [.required("stop"), .optional("filter_type")]

  /// For tests and fuzzing.
  public static let samples = [GetCompactFilterCheckpointsMessage(stop: BlockHeader.sample.hash)]
}

extension Command {
  /// Asks for every thousandth filter header (BIP157).
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
