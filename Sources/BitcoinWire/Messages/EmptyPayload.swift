import Bytes
import JSON

/// The payload of messages without one: `verack`, `wtxidrelay` (BIP339), `sendaddrv2` (BIP155), `sendheaders`
/// (BIP130), `getaddr`, `mempool` (BIP35), `filterclear` (BIP37).
public struct EmptyPayload: MessagePayload {
  /// Creates an empty payload.
  @inlinable
  public init() {}

  /// Reads nothing.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {}

  /// Appends nothing.
  public func append(to bytes: inout [UInt8]) {}

  /// Reads no fields.
  public init(fields: inout FieldReader) throws(FieldError) {}

  /// Writes nothing.
  public func write(to json: inout JSONWriter, in dialect: Dialect) {}

  /// Empty.
  public func summary(in dialect: Dialect) -> String { "" }

  /// None.
  public static let fields: [MessageField] = []

  /// The only value.
  public static let samples = [EmptyPayload()]
}

extension Command {
  /// Accepts the other side's `version`.
  public static let verack: Command = "verack"
  /// Announces transactions by wtxid (BIP339).
  public static let wtxidrelay: Command = "wtxidrelay"
  /// Requests `addrv2` in place of `addr` (BIP155).
  public static let sendaddrv2: Command = "sendaddrv2"
  /// Requests announcements of new blocks by `headers` (BIP130).
  public static let sendheaders: Command = "sendheaders"
  /// Requests addresses.
  public static let getaddr: Command = "getaddr"
  /// Requests the hashes of all unconfirmed transactions (BIP35).
  public static let mempool: Command = "mempool"
  /// Drops a bloom filter (BIP37).
  public static let filterclear: Command = "filterclear"
}

extension MessageKind {
  /// `verack`.
  static let verack = MessageKind(.verack, .verack, since: 209)

  /// `wtxidrelay`.
  static let wtxidrelay = MessageKind(.wtxidrelay, .wtxidrelay, bips: [339], since: 70016)

  /// `sendaddrv2`.
  static let sendaddrv2 = MessageKind(.sendaddrv2, .sendaddrv2, bips: [155], since: 70016)

  /// `sendheaders`.
  static let sendheaders = MessageKind(.sendheaders, .sendheaders, bips: [130], since: 70012)

  /// `getaddr`.
  static let getaddr = MessageKind(.getaddr, .getaddr)

  /// `mempool`.
  static let mempool = MessageKind(.mempool, .mempool, bips: [35, 111], since: 60002, service: .bloom)

  /// `filterclear`.
  static let filterclear = MessageKind(
    .filterclear,
    .filterclear,
    bips: [37, 111],
    since: 70001,
    service: .bloom
  )
}
