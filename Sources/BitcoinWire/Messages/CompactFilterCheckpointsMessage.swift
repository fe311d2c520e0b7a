import Bytes
import JSON

/// `cfcheckpt`: every thousandth filter header (BIP157).
///
/// Filter type, 1; hash of a block, 32; filter headers, CompactSize count and 32 bytes each.
public struct CompactFilterCheckpointsMessage: MessagePayload {
  /// How many blocks lie between two filter headers (`CFCHECKPT_INTERVAL`).
  public static let interval = 1000

  /// What is in the filters; 0 is basic (BIP158).
  public var filterType: UInt8

  /// The block up to which they go.
  public var stop: Hash256

  /// The filter headers of blocks 1000, 2000 and so on.
  public var filterHeaders: [Hash256]

  /// Creates a message of these fields.
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
  public func write(to json: inout JSONWriter) {
    json.member("filter_type", filterType)
    json.member("stop", stop)
    json.member("filter_headers", filterHeaders)
  }
}
