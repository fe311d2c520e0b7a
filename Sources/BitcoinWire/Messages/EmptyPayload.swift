import Bytes
import JSON

/// The payload of messages that have none: `verack`, `wtxidrelay` (BIP339), `sendaddrv2` (BIP155),
/// `sendheaders` (BIP130), `getaddr`, `mempool` (BIP35), `filterclear` (BIP37).
public struct EmptyPayload: MessagePayload {
  /// Creates nothing.
  @inlinable
  public init() {}

  /// Reads nothing.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {}

  /// Appends nothing.
  public func append(to bytes: inout [UInt8]) {}

  /// Writes nothing.
  public func write(to json: inout JSONWriter) {}
}
