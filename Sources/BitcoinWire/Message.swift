import Bytes
import JSON

/// A message of the Bitcoin protocol, decoded.
public enum Message: Hashable, Sendable {
  /// Opens the handshake and says who one is.
  case version(VersionMessage)
  /// Accepts the other side's `version`.
  case verack
  /// Announces transactions by wtxid (BIP339).
  case wtxidrelay
  /// Asks for `addrv2` in place of `addr` (BIP155).
  case sendaddrv2
  /// Asks for blocks to be announced by `headers` (BIP130).
  case sendheaders
  /// Offers compact blocks (BIP152).
  case sendcmpct(SendCompactMessage)
  /// Tells the lowest fee rate of interest (BIP133).
  case feefilter(FeeFilterMessage)
  /// Asks whether the other side is alive.
  case ping(PingMessage)
  /// Answers `ping` (BIP31).
  case pong(PongMessage)
  /// Asks for addresses.
  case getaddr
  /// Tells addresses of nodes.
  case addr(AddrMessage)
  /// Tells addresses of nodes in any network (BIP155).
  case addrv2(AddrV2Message)
  /// Announces transactions and blocks.
  case inv(InventoryMessage)
  /// Asks for transactions and blocks.
  case getdata(InventoryMessage)
  /// Says that what `getdata` asked for is not there.
  case notfound(InventoryMessage)
  /// Asks for block headers.
  case getheaders(LocatorMessage)
  /// Asks for block hashes.
  case getblocks(LocatorMessage)
  /// Tells block headers.
  case headers(HeadersMessage)
  /// Carries a transaction.
  case tx(Transaction)
  /// Carries a block.
  case block(Block)
  /// Asks for the hashes of all unconfirmed transactions (BIP35).
  case mempool
  /// Says why something was refused (BIP61).
  case reject(RejectMessage)
  /// Sets a bloom filter (BIP37).
  case filterload(FilterLoadMessage)
  /// Adds to a bloom filter (BIP37).
  case filteradd(FilterAddMessage)
  /// Drops a bloom filter (BIP37).
  case filterclear
  /// Carries a filtered block (BIP37).
  case merkleblock(MerkleBlockMessage)
  /// Carries a compact block (BIP152).
  case cmpctblock(CompactBlockMessage)
  /// Asks for transactions of a compact block (BIP152).
  case getblocktxn(GetBlockTransactionsMessage)
  /// Carries transactions of a compact block (BIP152).
  case blocktxn(BlockTransactionsMessage)
  /// Asks for compact filters (BIP157).
  case getcfilters(CompactFilterRangeMessage)
  /// Carries a compact filter (BIP157).
  case cfilter(CompactFilterMessage)
  /// Asks for hashes of compact filters (BIP157).
  case getcfheaders(CompactFilterRangeMessage)
  /// Tells hashes of compact filters (BIP157).
  case cfheaders(CompactFilterHeadersMessage)
  /// Asks for every thousandth filter header (BIP157).
  case getcfcheckpt(GetCompactFilterCheckpointsMessage)
  /// Tells every thousandth filter header (BIP157).
  case cfcheckpt(CompactFilterCheckpointsMessage)
  /// Offers transaction reconciliation (BIP330).
  case sendtxrcncl(SendReconciliationMessage)
  /// Says that the sender has a feature (BIP434).
  case feature(FeatureMessage)
  /// Carries a signed warning (abandoned).
  case alert(AlertMessage)
  /// A message that is decoded and has no case of its own.
  case other(OtherMessage)
  /// A message that is not decoded here.
  case unknown(command: Command, payload: [UInt8])

  /// The command that the header of the message has.
  public var command: Command { parts.command }

  /// The payload as it is on the wire.
  public var payload: [UInt8] {
    if case .unknown(_, let payload) = self { return payload }
    return parts.payload.bytes
  }

  /// The header's command, and the payload. The compiler keeps it complete.
  var parts: (command: Command, payload: any MessagePayload) {
    switch self {
    case .version(let payload): (.version, payload)
    case .verack: (.verack, EmptyPayload())
    case .wtxidrelay: (.wtxidrelay, EmptyPayload())
    case .sendaddrv2: (.sendaddrv2, EmptyPayload())
    case .sendheaders: (.sendheaders, EmptyPayload())
    case .sendcmpct(let payload): (.sendcmpct, payload)
    case .feefilter(let payload): (.feefilter, payload)
    case .ping(let payload): (.ping, payload)
    case .pong(let payload): (.pong, payload)
    case .getaddr: (.getaddr, EmptyPayload())
    case .addr(let payload): (.addr, payload)
    case .addrv2(let payload): (.addrv2, payload)
    case .inv(let payload): (.inv, payload)
    case .getdata(let payload): (.getdata, payload)
    case .notfound(let payload): (.notfound, payload)
    case .getheaders(let payload): (.getheaders, payload)
    case .getblocks(let payload): (.getblocks, payload)
    case .headers(let payload): (.headers, payload)
    case .tx(let payload): (.tx, payload)
    case .block(let payload): (.block, payload)
    case .mempool: (.mempool, EmptyPayload())
    case .reject(let payload): (.reject, payload)
    case .filterload(let payload): (.filterload, payload)
    case .filteradd(let payload): (.filteradd, payload)
    case .filterclear: (.filterclear, EmptyPayload())
    case .merkleblock(let payload): (.merkleblock, payload)
    case .cmpctblock(let payload): (.cmpctblock, payload)
    case .getblocktxn(let payload): (.getblocktxn, payload)
    case .blocktxn(let payload): (.blocktxn, payload)
    case .getcfilters(let payload): (.getcfilters, payload)
    case .cfilter(let payload): (.cfilter, payload)
    case .getcfheaders(let payload): (.getcfheaders, payload)
    case .cfheaders(let payload): (.cfheaders, payload)
    case .getcfcheckpt(let payload): (.getcfcheckpt, payload)
    case .cfcheckpt(let payload): (.cfcheckpt, payload)
    case .sendtxrcncl(let payload): (.sendtxrcncl, payload)
    case .feature(let payload): (.feature, payload)
    case .alert(let payload): (.alert, payload)
    case .other(let message): (message.command, message.payload)
    case .unknown(let command, _): (command, EmptyPayload())
    }
  }
}

extension Message {
  /// The commands that are decoded; all others become `unknown`.
  public static var decodedCommands: [Command] { MessageKind.all.map(\.command) }

  /// Decodes the payload of a message with this command.
  ///
  /// Refuses what Bitcoin Core refuses; bytes after the last field are kept apart, not refused.
  public static func decode(_ command: Command, payload: RawSpan) throws(WireError) -> DecodedMessage {
    guard let kind = MessageKind.of(command) else {
      return DecodedMessage(.unknown(command: command, payload: Array(payload)))
    }
    return try kind.decode(payload)
  }

  /// Decodes the payload of a message of a network that speaks this dialect; what diverges from Bitcoin there
  /// becomes `unknown`, with its bytes.
  public static func decode(
    _ command: Command,
    payload: RawSpan,
    dialect: Dialect
  ) throws(WireError) -> DecodedMessage {
    guard !dialect.isOpaque(command, payload: payload) else {
      return DecodedMessage(.unknown(command: command, payload: Array(payload)))
    }
    return try decode(command, payload: payload)
  }

  /// The line for a message that is still bytes: if it cannot be decoded, the reason; if bytes are left over, how
  /// many. A block's transactions are counted and not looked at.
  public static func summary(_ command: Command, payload: RawSpan, dialect: Dialect = .bitcoin) -> String {
    guard !dialect.isOpaque(command, payload: payload), let kind = MessageKind.of(command) else {
      return "\(command) \(payload.byteCount) bytes"
    }
    return kind.summary(of: payload, in: dialect)
  }

  /// The message in a few words for one line: safe to print, not complete.
  public var summary: String { summary(in: .bitcoin) }

  /// The message in a few words for one line, with the names that its network's dialect has.
  public func summary(in dialect: Dialect) -> String {
    if case .unknown(let command, let payload) = self { return "\(command) \(payload.count) bytes" }
    let (command, payload) = parts
    let text = payload.summary(in: dialect)
    return text.isEmpty ? command.description : "\(command) \(text)"
  }

  /// Writes every field of the payload as a member of a JSON object; the command is the caller's.
  ///
  /// Hashes are texts in reversed byte order, bytes are hexadecimal, times seconds since the Unix epoch,
  /// amounts satoshi. What may be any bytes but is meant as text is escaped as `EscapedText` has it.
  ///
  /// - Parameter dialect: what the network that it is of calls its inventory types and services.
  public func write(to json: inout JSONWriter, in dialect: Dialect = .bitcoin) {
    if case .unknown(_, let payload) = self { return json.hexadecimal("payload", payload) }
    parts.payload.write(to: &json, in: dialect)
  }

  /// Makes a message of its fields, named as `write(to:in:)` names them: the reverse of that.
  ///
  /// What follows from other fields (names of services, hashes of what is there) is passed over. Fields may be texts,
  /// as on a command line: lists with commas between their elements, nodes as `address:port`, inventory as
  /// `type:hash`. Fields that usually say the same may be left out (docs/wire.md).
  ///
  /// - Parameter dialect: what the network calls its inventory types.
  /// - Throws: what is wrong with a field, is missing, or is no field of such a message; of a command that is not
  ///   decoded, that it has no fields besides `payload`.
  public init(
    _ command: Command,
    fields: [String: JSONValue] = [:],
    in dialect: Dialect = .bitcoin
  ) throws(FieldError) {
    if let kind = MessageKind.of(command), !dialect.opaqueCommands.contains(command) {
      self = try kind.message(fields: fields, in: dialect)
    } else {
      var reader = FieldReader(fields, in: dialect)
      self = .unknown(command: command, payload: try reader.bytes("payload", default: []))
      try reader.finish()
    }
  }
}
