import Bytes

extension Message {
  /// Every command that is decoded: the one table to extend for a new message.
  static let entries: [Entry] = [
    Entry(
      .version,
      Message.version,
      bips: [14, 37],
      limits: [("user agent", VersionMessage.maximumUserAgent)]
    ),
    Entry(.verack, .verack, since: 209),
    Entry(.wtxidrelay, .wtxidrelay, bips: [339], since: 70016),
    Entry(.sendaddrv2, .sendaddrv2, bips: [155], since: 70016),
    Entry(.sendheaders, .sendheaders, bips: [130], since: 70012),
    Entry(.sendcmpct, Message.sendcmpct, bips: [152], since: 70014),
    Entry(.sendtxrcncl, Message.sendtxrcncl, bips: [330], since: 70016),
    Entry(
      .feature,
      Message.feature,
      bips: [434],
      since: 70017,
      limits: [("feature name", FeatureMessage.maximumName), ("feature data", FeatureMessage.maximumData)]
    ),
    Entry(.feefilter, Message.feefilter, bips: [133], since: 70013),
    Entry(.ping, Message.ping, bips: [31]),
    Entry(.pong, Message.pong, bips: [31], since: 60001),
    Entry(.getaddr, .getaddr),
    Entry(.addr, Message.addr, limits: [("address count", AddrMessage.maximumCount)]),
    Entry(
      .addrv2,
      Message.addrv2,
      bips: [155],
      since: 70016,
      limits: [("address count", AddrV2Message.maximumCount), ("address", NetworkAddress.maximumSize)]
    ),
    Entry(.inv, Message.inv, limits: [("inventory count", InventoryMessage.maximumCount)]),
    Entry(.getdata, Message.getdata, limits: [("inventory count", InventoryMessage.maximumCount)]),
    Entry(
      .notfound,
      Message.notfound,
      since: 70001,
      limits: [("inventory count", InventoryMessage.maximumCount)]
    ),
    Entry(
      .getheaders,
      Message.getheaders,
      since: 31800,
      limits: [("locator count", LocatorMessage.maximumCount)]
    ),
    Entry(.getblocks, Message.getblocks, limits: [("locator count", LocatorMessage.maximumCount)]),
    Entry(.headers, Message.headers, since: 31800, limits: [("header count", HeadersMessage.maximumCount)]),
    Entry(.tx, Message.tx, bips: [144]),
    Entry(.block, Message.block, bips: [144]),
    Entry(
      .cmpctblock,
      Message.cmpctblock,
      bips: [152],
      since: 70014,
      limits: [("short id count", CompactBlockMessage.maximumTransactions)]
    ),
    Entry(
      .getblocktxn,
      Message.getblocktxn,
      bips: [152],
      since: 70014,
      limits: [("transaction index", GetBlockTransactionsMessage.maximumIndex)]
    ),
    Entry(.blocktxn, Message.blocktxn, bips: [152], since: 70014),
    Entry(.mempool, .mempool, bips: [35, 111], since: 60002, service: .bloom),
    Entry(
      .filterload,
      Message.filterload,
      bips: [37, 111],
      since: 70001,
      service: .bloom,
      limits: [
        ("filter", FilterLoadMessage.maximumFilter),
        ("hash functions", FilterLoadMessage.maximumHashFunctions),
      ]
    ),
    Entry(
      .filteradd,
      Message.filteradd,
      bips: [37, 111],
      since: 70001,
      service: .bloom,
      limits: [("filter element", FilterAddMessage.maximumElement)]
    ),
    Entry(.filterclear, .filterclear, bips: [37, 111], since: 70001, service: .bloom),
    Entry(.merkleblock, Message.merkleblock, bips: [37], since: 70001),
    Entry(
      .getcfilters,
      Message.getcfilters,
      bips: [157],
      service: .compactFilters,
      limits: [("blocks", CompactFilterRangeMessage.maximumFilters)]
    ),
    Entry(.cfilter, Message.cfilter, bips: [157, 158]),
    Entry(
      .getcfheaders,
      Message.getcfheaders,
      bips: [157],
      service: .compactFilters,
      limits: [("blocks", CompactFilterRangeMessage.maximumHeaders)]
    ),
    Entry(
      .cfheaders,
      Message.cfheaders,
      bips: [157],
      limits: [("filter hash count", CompactFilterHeadersMessage.maximumCount)]
    ),
    Entry(.getcfcheckpt, Message.getcfcheckpt, bips: [157], service: .compactFilters),
    Entry(.cfcheckpt, Message.cfcheckpt, bips: [157]),
    Entry(
      .reject,
      Message.reject,
      bips: [61],
      since: 70002,
      removed: "0.20.0",
      limits: [("rejected command", Command.size), ("rejection reason", RejectMessage.maximumReason)]
    ),
    Entry(.alert, Message.alert, since: 311, removed: "0.13.0"),
  ]

  private static let entryByCommand = Dictionary(
    uniqueKeysWithValues: entries.map { ($0.specification.command, $0) }
  )

  /// What is known of a command; nil where it is not decoded.
  static func entry(of command: Command) -> Entry? { entryByCommand[command] }

  /// The commands that are decoded; all others become `unknown`.
  public static var decodedCommands: [Command] { entries.map(\.specification.command) }

  /// Decodes the payload of a message with this command.
  ///
  /// Refuses what Bitcoin Core refuses; bytes after the last field are kept apart, not refused.
  public static func decode(_ command: Command, payload: RawSpan) throws(WireError) -> DecodedMessage {
    guard let entry = entryByCommand[command] else {
      return DecodedMessage(.unknown(command: command, payload: Array(payload)))
    }
    return try entry.decode(payload)
  }

  /// What the header says and what the payload is made of; the reverse of the table above, which the
  /// compiler keeps complete.
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
    case .unknown(let command, _): (command, EmptyPayload())
    }
  }
}
