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
  public func write(to json: inout JSONWriter) {
    json.member("filter_type", filterType)
    json.member("stop", stop)
  }
}
