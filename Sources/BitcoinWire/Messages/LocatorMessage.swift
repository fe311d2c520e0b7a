import Bytes
import JSON

/// `getheaders` and `getblocks`: asks for what follows the first known of some blocks.
///
/// 4 bytes protocol version, little-endian; at most 101 hashes; the hash to stop at.
public struct LocatorMessage: MessagePayload {
  /// The most hashes in one message (`MAX_LOCATOR_SZ`).
  public static let maximumCount = 101

  /// The sender's protocol version; nobody looks at it.
  public var version: Int32

  /// Hashes of blocks that the sender has, latest first.
  public var locator: [Hash256]

  /// The last block wanted; zero for as many as one message holds.
  public var stop: Hash256

  /// Creates a message of these fields.
  public init(version: Int32, locator: [Hash256], stop: Hash256 = .zero) {
    self.version = version
    self.locator = locator
    self.stop = stop
  }

  /// Reads the fields.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    version = try reader.little(Int32.self, "version")
    locator = try reader.hashes("locator count", of: "locator hash", maximum: Self.maximumCount)
    stop = try reader.hash("stop hash")
  }

  /// Appends the fields.
  public func append(to bytes: inout [UInt8]) {
    bytes.appendLittle(version)
    bytes.appendCounted(locator)
    bytes.append(stop)
  }

  /// Writes every field.
  public func write(to json: inout JSONWriter) {
    json.member("version", version)
    json.member("locator", locator)
    json.member("stop", stop)
  }
}
