import Bytes

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
  /// A message that is not decoded here.
  case unknown(command: Command, payload: [UInt8])

  /// The command that the header of the message has.
  public var command: Command { parts.command }

  /// The payload as it is on the wire.
  public var payload: [UInt8] {
    if case .unknown(_, let payload) = self { return payload }
    return parts.payload.bytes
  }
}
