import Bytes
import JSON

/// `feefilter`: states the lowest fee rate that the sender wants relayed (BIP133). 8 bytes.
public struct FeeFilterMessage: MessagePayload {
  /// The fee rate in satoshi per 1000 virtual bytes; little-endian on the wire.
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
  public func write(to json: inout JSONWriter, in dialect: Dialect) { json.member("fee_rate", feeRate) }

  /// Makes the message from its field.
  public init(fields: inout FieldReader) throws(FieldError) { feeRate = try fields.integer("fee_rate") }

  /// The fee rate.
  public func summary(in dialect: Dialect) -> String {
    "\(feeRate) sat/kvB"
  }

  /// The fields that a user may write.
  public static let fields: [MessageField] = [.required("fee_rate", " (satoshi per 1000 vB)")]

  /// Messages for tests, and seeds for fuzzing.
  public static let samples = [FeeFilterMessage(feeRate: 1000)]
}

extension Command {
  /// States the lowest fee rate that the sender wants relayed (BIP133).
  public static let feefilter: Command = "feefilter"
}

extension MessageKind {
  /// `feefilter`.
  static let feefilter = MessageKind(.feefilter, Message.feefilter, bips: [133], since: 70013)
}
