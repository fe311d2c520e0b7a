extension MessageKind {
  /// Every message that is decoded, in the order of the table in docs/wire.md. A new message adds a line
  /// here.
  public static let all: [MessageKind] = [
    .version,
    .verack,
    .wtxidrelay,
    .sendaddrv2,
    .sendheaders,
    .sendcmpct,
    .sendtxrcncl,
    .feature,
    .feefilter,
    .ping,
    .pong,
    .getaddr,
    .addr,
    .addrv2,
    .inv,
    .getdata,
    .notfound,
    .getheaders,
    .getblocks,
    .headers,
    .tx,
    .block,
    .cmpctblock,
    .getblocktxn,
    .blocktxn,
    .mempool,
    .filterload,
    .filteradd,
    .filterclear,
    .merkleblock,
    .getcfilters,
    .cfilter,
    .getcfheaders,
    .cfheaders,
    .getcfcheckpt,
    .cfcheckpt,
    .reject,
    .alert,
  ]

  private static let byCommand = Dictionary(uniqueKeysWithValues: all.map { ($0.command, $0) })

  /// The kind of message with this command; nil if the command is not decoded.
  public static func of(_ command: Command) -> MessageKind? { byCommand[command] }
}
