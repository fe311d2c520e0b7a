import Bytes
import JSON

/// `feefilter`: tells the lowest fee rate of interest (BIP133). 8 bytes.
public struct FeeFilterMessage: MessagePayload {
  /// The fee rate in satoshi per 1000 virtual bytes, little-endian.
  public var feeRate: Int64

  /// Creates a message with this fee rate.
  public init(feeRate: Int64) { self.feeRate = feeRate }

  /// Reads the fee rate.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    feeRate = try reader.little(Int64.self, "fee rate")
  }

  /// Appends the fee rate.
  public func append(to bytes: inout [UInt8]) { bytes.appendLittle(feeRate) }

  /// Writes the fee rate in satoshi per 1000 virtual bytes.
  public func write(to json: inout JSONWriter) { json.member("fee_rate", feeRate) }
}
