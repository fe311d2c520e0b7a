import Bytes
import JSON

/// A decoded message of the Bitcoin protocol.
public enum Message: Hashable, Sendable {
  /// Opens the handshake and introduces the sender.
  case version(VersionMessage)
  /// Accepts the other side's `version`.
  case verack
  /// Announces transactions by wtxid (BIP339).
  case wtxidrelay
  /// Requests `addrv2` in place of `addr` (BIP155).
  case sendaddrv2
  /// Requests announcements of new blocks by `headers` (BIP130).
  case sendheaders
  /// Offers compact blocks (BIP152).
  case sendcmpct(SendCompactMessage)
  /// States the lowest fee rate that the sender wants relayed (BIP133).
  case feefilter(FeeFilterMessage)
  /// Checks that the other side is alive.
  case ping(PingMessage)
  /// Answers `ping` (BIP31).
  case pong(PongMessage)
  /// Requests addresses.
  case getaddr
  /// Lists addresses of nodes.
  case addr(AddrMessage)
  /// Lists addresses of nodes in any network (BIP155).
  case addrv2(AddrV2Message)
  /// Announces transactions and blocks.
  case inv(InventoryMessage)
  /// Requests transactions and blocks.
  case getdata(InventoryMessage)
  /// Lists the items of a `getdata` that the sender lacks.
  case notfound(InventoryMessage)
  /// Requests block headers.
  case getheaders(LocatorMessage)
  /// Requests block hashes.
  case getblocks(LocatorMessage)
  /// Carries block headers.
  case headers(HeadersMessage)
  /// Carries a transaction.
  case tx(Transaction)
  /// Carries a block.
  case block(Block)
  /// Requests the hashes of all unconfirmed transactions (BIP35).
  case mempool
  /// Gives the reason for a rejection (BIP61).
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
  /// Requests transactions of a compact block (BIP152).
  case getblocktxn(GetBlockTransactionsMessage)
  /// Carries transactions of a compact block (BIP152).
  case blocktxn(BlockTransactionsMessage)
  /// Requests compact filters (BIP157).
  case getcfilters(CompactFilterRangeMessage)
  /// Carries a compact filter (BIP157).
  case cfilter(CompactFilterMessage)
  /// Requests hashes of compact filters (BIP157).
  case getcfheaders(CompactFilterRangeMessage)
  /// Carries hashes of compact filters (BIP157).
  case cfheaders(CompactFilterHeadersMessage)
  /// Requests every thousandth filter header (BIP157).
  case getcfcheckpt(GetCompactFilterCheckpointsMessage)
  /// Carries every thousandth filter header (BIP157).
  case cfcheckpt(CompactFilterCheckpointsMessage)
  /// Offers transaction reconciliation (BIP330).
  case sendtxrcncl(SendReconciliationMessage)
  /// Announces a feature of the sender (BIP434).
  case feature(FeatureMessage)
  /// Carries a signed warning (abandoned).
  case alert(AlertMessage)
  /// A decoded message without a case of its own.
  case other(OtherMessage)
  /// A message that is not decoded.
  case unknown(command: Command, payload: [UInt8])

  /// The command of the message's header.
  public var command: Command { parts.command }

  /// The payload in wire format.
  public var payload: [UInt8] {
    if case .unknown(_, let payload) = self { return payload }
    return parts.payload.bytes
  }

  /// The header's command and the payload. The exhaustive switch makes the compiler check that no case is
  /// missing.
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
  /// The commands that are decoded; messages with any other become `unknown`.
  public static var decodedCommands: [Command] { MessageKind.all.map(\.command) }

  /// Decodes the payload of a message with this command.
  ///
  /// Makes the same checks as Bitcoin Core. Bytes after the last field are kept apart, not refused.
  public static func decode(_ command: Command, payload: RawSpan) throws(WireError) -> DecodedMessage {
    guard let kind = MessageKind.of(command) else {
      return DecodedMessage(.unknown(command: command, payload: Array(payload)))
    }
    return try kind.decode(payload)
  }

  /// Decodes the payload of a message of a network with this dialect. A message that differs from Bitcoin's
  /// there becomes `unknown`, with its bytes.
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

  /// A one-line summary of an encoded message. If it cannot be decoded, the summary gives the reason; if
  /// bytes follow the last field, it gives their number. Counts a block's transactions without reading them.
  public static func summary(_ command: Command, payload: RawSpan, dialect: Dialect = .bitcoin) -> String {
    guard !dialect.isOpaque(command, payload: payload), let kind = MessageKind.of(command) else {
      return "\(command) \(payload.byteCount) bytes"
    }
    return kind.summary(of: payload, in: dialect)
  }

  /// A one-line summary: safe to print, not complete.
  public var summary: String { summary(in: .bitcoin) }

  /// A one-line summary, with the names that the network's dialect uses.
  public func summary(in dialect: Dialect) -> String {
    if case .unknown(let command, let payload) = self { return "\(command) \(payload.count) bytes" }
    let (command, payload) = parts
    let text = payload.summary(in: dialect)
    return text.isEmpty ? command.description : "\(command) \(text)"
  }

  /// Writes every field of the payload as a member of a JSON object. The caller writes the command.
  ///
  /// Hashes are strings in reversed byte order, bytes are hexadecimal, times are seconds since the Unix
  /// epoch, amounts are satoshi. Bytes that are meant as text are escaped as in `EscapedText`.
  ///
  /// - Parameter dialect: the names of inventory types and services in the message's network.
  public func write(to json: inout JSONWriter, in dialect: Dialect = .bitcoin) {
    if case .unknown(_, let payload) = self { return json.hexadecimal("payload", payload) }
    parts.payload.write(to: &json, in: dialect)
  }

  /// Makes a message from its fields, with the names that `write(to:in:)` uses: the reverse of that method.
  ///
  /// Ignores fields that follow from other fields (names of services, hashes of transactions). Values may be
  /// strings, as on a command line: lists separated by commas, nodes as `address:port`, inventory as
  /// `type:hash`. Fields with a usual value may be omitted (docs/wire.md).
  ///
  /// - Parameter dialect: the names of inventory types in the network.
  /// - Throws: `FieldError` if a field is invalid, missing or unknown. A message that is not decoded has only
  ///   the field `payload`.
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
