import Bytes
import JSON

/// `getheaders` and `getblocks`: request the headers or hashes of the blocks after the first block of the
/// locator that the receiver knows.
///
/// Protocol version, 4 little-endian; at most 101 hashes; the hash to stop at, 32.
public struct LocatorMessage: MessagePayload {
  /// The most hashes in one message (`MAX_LOCATOR_SZ`).
  public static let maximumCount = 101

  /// The sender's protocol version; ignored by receivers.
  public var version: Int32

  /// Hashes of blocks that the sender has, latest first.
  public var locator: [Hash256]

  /// The hash of the last block to send; zero for as many as one message holds.
  public var stop: Hash256

  /// Creates a message from its fields.
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
  public func write(to json: inout JSONWriter, in dialect: Dialect) {
    json.member("version", version)
    json.member("locator", locator)
    json.member("stop", stop)
  }

  /// Makes the message from its fields: `version` (70016), `locator` (none), `stop` (zero).
  public init(fields: inout FieldReader) throws(FieldError) {
    self.init(
      version: try fields.integer("version", default: 70016),
      locator: try fields.hashes("locator"),
      stop: try fields.hash("stop") ?? .zero
    )
  }

  /// The first hash of the locator; the stop hash if the locator is empty.
  public func summary(in dialect: Dialect) -> String {
    locator.first.map { "from \($0.abbreviation)" } ?? "stop \(stop.abbreviation)"
  }

  /// The fields that a user may write.
  public static let fields: [MessageField] = [
    .optional("locator", "=HASH,…"), .optional("stop"), .optional("version"),
  ]

  /// Messages for tests, and seeds for fuzzing.
  public static let samples = [
    LocatorMessage(version: 70016, locator: [BlockHeader.sample.hash]),
    LocatorMessage(version: 70016, locator: [], stop: BlockHeader.sample.hash),
  ]
}

extension Command {
  /// Requests block headers.
  public static let getheaders: Command = "getheaders"
  /// Requests block hashes.
  public static let getblocks: Command = "getblocks"
}

extension MessageKind {
  /// `getheaders`.
  static let getheaders = MessageKind(
    .getheaders,
    Message.getheaders,
    since: 31800,
    limits: [("locator count", LocatorMessage.maximumCount)]
  )

  /// `getblocks`.
  static let getblocks = MessageKind(
    .getblocks,
    Message.getblocks,
    limits: [("locator count", LocatorMessage.maximumCount)]
  )
}
