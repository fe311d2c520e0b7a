import BitcoinWire

extension Conversation {
  /// An announcement to the peer.
  public struct Announcement: Equatable, Sendable {
    /// The form of the announcement. The raw value is the truth file's `kind`.
    public enum Kind: String, Sendable {
      /// `inv` with txids.
      case tx
      /// `inv` with wtxids.
      case wtx
      /// `inv` with a block's hash.
      case block
      /// `headers`.
      case headers
      /// `cmpctblock`.
      case compact
    }

    /// The form of the announcement.
    public let kind: Kind
    /// The announced hashes: txids, wtxids or a block's hash.
    public let hashes: [Hash256]
    /// The message to send.
    public let message: Message
  }

  /// Number of transactions in a batch if few are queued (`INVENTORY_BROADCAST_TARGET`).
  static let inventoryTarget = 70

  /// Most transactions in a batch (`INVENTORY_BROADCAST_MAX`).
  static let inventoryMaximum = 1000

  /// Queues a transaction that the node has just got for the next batch; returns whether it did. It does not
  /// if the peer wants no transactions or announced this one itself.
  mutating func queue(_ number: Int, _ ledger: Ledger) -> Bool {
    guard phase == .established, relaysTransactions, let entry = ledger.entry(number), !isKnownToPeer(entry)
    else {
      return false
    }
    waiting.append(number)
    return true
  }

  /// Whether transactions are queued.
  var hasWaiting: Bool { !waiting.isEmpty }

  /// Removes a batch from the queue, parents before children.
  ///
  /// It skips a transaction that the peer has by now, that is in a block, or that pays less than the peer's
  /// `feefilter` (BIP133). Returns nil if none is left.
  mutating func takeInventory(_ ledger: Ledger) -> Announcement? {
    let maximum = min(Self.inventoryMaximum, Self.inventoryTarget + waiting.count / 1000 * 5)
    let tip = ledger.tip(of: node.index)
    var hashes: [Hash256] = []
    var taken = 0
    waiting.sort()
    for number in waiting {
      guard hashes.count < maximum else { break }
      taken += 1
      guard let entry = ledger.entry(number), !isKnownToPeer(entry), entry.height ?? .max > tip,
        entry.feeRate ?? .max >= feeFilter
      else { continue }
      hashes.append(usesWtxid ? entry.wtxid : entry.txid)
    }
    if taken == waiting.count { waiting = [] } else { waiting.removeFirst(taken) }
    guard !hashes.isEmpty else { return nil }
    return usesWtxid ? inventory(.wtx, .wtx, hashes) : inventory(.tx, .tx, hashes)
  }

  /// The announcement of a block that the node has just got; nil before the end of the handshake.
  ///
  /// It has the form that the peer asked for: the compact block (BIP152's high-bandwidth mode) or the header
  /// (BIP130) if the peer is known to have the block before, otherwise `inv`.
  mutating func announceBlock(_ height: Int, _ ledger: Ledger) -> Announcement? {
    guard phase == .established else { return nil }
    let hash = ledger.hashes[height]
    // A header or compact block is useless to a peer without the block before.
    guard sentHeight >= height - 1 else { return inventory(.block, .block, [hash]) }
    if prefersCompact, let block = ledger.block(at: height) {
      sentHeight = max(sentHeight, height)
      let message = Message.cmpctblock(CompactBlockMessage(block, nonce: random.next()))
      return Announcement(kind: .compact, hashes: [hash], message: message)
    }
    guard prefersHeaders else { return inventory(.block, .block, [hash]) }
    sentHeight = max(sentHeight, height)
    let headers = HeadersMessage(headers: [ledger.headers[height]])
    return Announcement(kind: .headers, hashes: [hash], message: .headers(headers))
  }

  private func isKnownToPeer(_ entry: Ledger.Entry) -> Bool {
    knownToPeer.contains(entry.txid) || knownToPeer.contains(entry.wtxid)
  }

  private func inventory(
    _ kind: Announcement.Kind,
    _ type: InventoryType,
    _ hashes: [Hash256]
  ) -> Announcement {
    let items = hashes.map { InventoryItem(type, $0) }
    return Announcement(kind: kind, hashes: hashes, message: .inv(InventoryMessage(items: items)))
  }
}
