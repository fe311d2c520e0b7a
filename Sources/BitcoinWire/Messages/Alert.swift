import Bytes
import JSON

/// The content of an `alert`.
///
/// Version, 4; relay until, 8; expiration, 8; id, 4; cancel up to id, 4; cancelled ids, CompactSize count and
/// 4 each; minimum and maximum protocol version, 4 each; user agents, CompactSize count and each a
/// CompactSize length and bytes; priority, 4; comment, status text and a reserved text, each a CompactSize
/// length and bytes. Integers are little-endian and signed.
public struct Alert: WireValue {
  /// The longest comment in bytes.
  public static let maximumComment = 65_536

  /// The longest status text, and reserved text, in bytes.
  public static let maximumStatus = 256

  /// Version of this layout, 1.
  public var version: Int32

  /// The time to stop relaying the alert, in seconds since the Unix epoch.
  public var relayUntil: Int64

  /// The time at which the alert expires, in seconds since the Unix epoch.
  public var expiration: Int64

  /// The number of the alert.
  public var id: Int32

  /// Cancels all alerts up to this number.
  public var cancelUpTo: Int32

  /// The numbers of other alerts that this one cancels.
  public var cancelled: [Int32]

  /// The first protocol version that the alert concerns.
  public var minimumVersion: Int32

  /// The last protocol version that the alert concerns.
  public var maximumVersion: Int32

  /// The user agents that the alert concerns; if empty, all. Each may be any bytes.
  public var userAgents: [[UInt8]]

  /// The priority; a higher number is more important.
  public var priority: Int32

  /// A comment for developers; any bytes.
  public var comment: [UInt8]

  /// The text for users; any bytes.
  public var status: [UInt8]

  /// Reserved; any bytes.
  public var reserved: [UInt8]

  /// Reads the fields.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    version = try reader.little("alert version")
    relayUntil = try reader.little("relay until")
    expiration = try reader.little("expiration")
    id = try reader.little("alert id")
    cancelUpTo = try reader.little("cancel up to")
    cancelled = []
    for _ in 0..<(try reader.count("cancelled count", maximum: .maximumSize, size: 4)) {
      cancelled.append(try reader.little("cancelled id"))
    }
    minimumVersion = try reader.little("minimum version")
    maximumVersion = try reader.little("maximum version")
    userAgents = []
    for _ in 0..<(try reader.count("user agent count", maximum: .maximumSize, size: 1)) {
      userAgents.append(try reader.counted("user agent", maximum: .maximumSize))
    }
    priority = try reader.little("priority")
    comment = try reader.counted("comment", maximum: Self.maximumComment)
    status = try reader.counted("status text", maximum: Self.maximumStatus)
    reserved = try reader.counted("reserved text", maximum: Self.maximumStatus)
  }

  /// Appends the fields.
  public func append(to bytes: inout [UInt8]) {
    bytes.appendLittle(version)
    bytes.appendLittle(relayUntil)
    bytes.appendLittle(expiration)
    bytes.appendLittle(id)
    bytes.appendLittle(cancelUpTo)
    bytes.appendCompactSize(cancelled.count)
    for id in cancelled { bytes.appendLittle(id) }
    bytes.appendLittle(minimumVersion)
    bytes.appendLittle(maximumVersion)
    bytes.appendCompactSize(userAgents.count)
    for userAgent in userAgents { bytes.appendCounted(userAgent) }
    bytes.appendLittle(priority)
    bytes.appendCounted(comment)
    bytes.appendCounted(status)
    bytes.appendCounted(reserved)
  }

  /// Writes every field.
  func write(to json: inout JSONWriter) {
    json.member("version", version)
    json.member("relay_until", relayUntil)
    json.member("expiration", expiration)
    json.member("id", id)
    json.member("cancel_up_to", cancelUpTo)
    json.member("cancelled", cancelled)
    json.member("minimum_version", minimumVersion)
    json.member("maximum_version", maximumVersion)
    json.member("user_agents", userAgents.map { EscapedText.utf8($0) })
    json.member("priority", priority)
    json.member("comment", EscapedText.utf8(comment))
    json.member("status", EscapedText.utf8(status))
    json.member("reserved", EscapedText.utf8(reserved))
  }
}
