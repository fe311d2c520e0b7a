extension Command {
  /// Opens the handshake.
  public static let version: Command = "version"
  /// Accepts the other side's `version`.
  public static let verack: Command = "verack"
  /// Announces transactions by wtxid (BIP339).
  public static let wtxidrelay: Command = "wtxidrelay"
  /// Asks for `addrv2` in place of `addr` (BIP155).
  public static let sendaddrv2: Command = "sendaddrv2"
  /// Asks for blocks to be announced by `headers` (BIP130).
  public static let sendheaders: Command = "sendheaders"
  /// Offers or asks for compact blocks (BIP152).
  public static let sendcmpct: Command = "sendcmpct"
  /// Offers transaction reconciliation (BIP330).
  public static let sendtxrcncl: Command = "sendtxrcncl"
  /// Tells the lowest fee rate of interest (BIP133).
  public static let feefilter: Command = "feefilter"
  /// Asks whether the other side is alive.
  public static let ping: Command = "ping"
  /// Answers `ping` (BIP31).
  public static let pong: Command = "pong"
  /// Asks for addresses.
  public static let getaddr: Command = "getaddr"
  /// Tells addresses of nodes.
  public static let addr: Command = "addr"
  /// Tells addresses of nodes in any network (BIP155).
  public static let addrv2: Command = "addrv2"
  /// Announces transactions and blocks.
  public static let inv: Command = "inv"
  /// Asks for transactions and blocks.
  public static let getdata: Command = "getdata"
  /// Says that what `getdata` asked for is not there.
  public static let notfound: Command = "notfound"
  /// Asks for block headers.
  public static let getheaders: Command = "getheaders"
  /// Asks for block hashes.
  public static let getblocks: Command = "getblocks"
  /// Tells block headers.
  public static let headers: Command = "headers"
  /// Carries a transaction.
  public static let tx: Command = "tx"
  /// Carries a block.
  public static let block: Command = "block"
  /// Asks for the hashes of all unconfirmed transactions (BIP35).
  public static let mempool: Command = "mempool"
  /// Says why something was refused (BIP61, abandoned).
  public static let reject: Command = "reject"
  /// Carries a compact block (BIP152).
  public static let cmpctblock: Command = "cmpctblock"
  /// Asks for transactions of a compact block (BIP152).
  public static let getblocktxn: Command = "getblocktxn"
  /// Carries transactions of a compact block (BIP152).
  public static let blocktxn: Command = "blocktxn"
  /// Carries a filtered block (BIP37).
  public static let merkleblock: Command = "merkleblock"
  /// Sets a bloom filter (BIP37).
  public static let filterload: Command = "filterload"
  /// Adds to a bloom filter (BIP37).
  public static let filteradd: Command = "filteradd"
  /// Drops a bloom filter (BIP37).
  public static let filterclear: Command = "filterclear"
  /// Asks for compact filters (BIP157).
  public static let getcfilters: Command = "getcfilters"
  /// Carries a compact filter (BIP157).
  public static let cfilter: Command = "cfilter"
  /// Asks for hashes of compact filters (BIP157).
  public static let getcfheaders: Command = "getcfheaders"
  /// Tells hashes of compact filters (BIP157).
  public static let cfheaders: Command = "cfheaders"
  /// Asks for every thousandth filter header (BIP157).
  public static let getcfcheckpt: Command = "getcfcheckpt"
  /// Tells every thousandth filter header (BIP157).
  public static let cfcheckpt: Command = "cfcheckpt"
  /// Says that the sender has a feature (BIP434).
  public static let feature: Command = "feature"
  /// Carries a signed warning (abandoned).
  public static let alert: Command = "alert"
}
