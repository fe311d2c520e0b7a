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
  public func write(to json: inout JSONWriter, in dialect: Dialect) {
    json.member("version", version)
    json.member("locator", locator)
    json.member("stop", stop)
  }

  /// Takes the fields: `version` (70016), `locator` (none), `stop` (zero).
  public init(fields: inout FieldReader) throws(FieldError) {
    self.init(
      version: try fields.integer("version", default: 70016),
      locator: try fields.hashes("locator"),
      stop: try fields.hash("stop") ?? .zero
    )
  }

  /// The first hash of the locator, or else the last block wanted.
  public func summary(in dialect: Dialect) -> String {
    locator.first.map { "from \($0.abbreviation)" } ?? "stop \(stop.abbreviation)"
  }

  /// What a person may write of it.
  public static let fields: [MessageField] = [
    .optional("locator", "=HASH,…"), .optional("stop"), .optional("version"),
  ]

  /// For tests and fuzzing.
  public static let samples = [
    LocatorMessage(version: 70016, locator: [BlockHeader.sample.hash]),
    LocatorMessage(version: 70016, locator: [], stop: BlockHeader.sample.hash),
  ]
}

extension Command {
  /// Asks for block headers.
  public static let getheaders: Command = "getheaders"
  /// Asks for block hashes.
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
