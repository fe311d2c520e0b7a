import BitcoinWire

extension Conversation {
  /// What the peer is told of.
  public struct Announcement: Equatable, Sendable {
    /// How, as the truth file has it.
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

    /// How.
    public let kind: Kind
    /// The names it is told under.
    public let hashes: [Hash256]
    /// What is sent.
    public let message: Message
  }

  /// The transactions that a batch announces where few wait (`INVENTORY_BROADCAST_TARGET`).
  static let inventoryTarget = 70

  /// The most transactions that a batch announces (`INVENTORY_BROADCAST_MAX`).
  static let inventoryMaximum = 1000

  /// Has a transaction that the node has just got wait for the next batch; returns whether it does: not where the peer
  /// wants none, or told the node of it.
  mutating func queue(_ number: Int, _ ledger: Ledger) -> Bool {
    guard phase == .established, relaysTransactions, let entry = ledger.entry(number), !isKnownToPeer(entry)
    else {
      return false
    }
    waiting.append(number)
    return true
  }

  /// Whether transactions wait to be announced.
  var hasWaiting: Bool { !waiting.isEmpty }

  /// Takes a batch out of what waits, in an order in which nothing comes before what it spends; nil where none of it
  /// is of use: the peer has it by now, a block has, or it pays less than the peer asked for (BIP133).
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

  /// How the peer is told of a block that the node has just got, at once; nil where it does not talk yet.
  ///
  /// As it asked: by the compact block (BIP152's high-bandwidth mode) or the header (BIP130), where it is known to have
  /// the one before; otherwise by its hash.
  mutating func announceBlock(_ height: Int, _ ledger: Ledger) -> Announcement? {
    guard phase == .established else { return nil }
    let hash = ledger.hashes[height]
    // What follows none that the peer has would be of no use to it.
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
