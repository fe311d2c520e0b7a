import BitcoinWire

extension Conversation {
  /// What the peer is told of.
  public struct Announcement: Equatable, Sendable {
    /// How, as the truth file has it.
    public enum Kind: String, Sendable {
      /// `inv` with a txid.
      case tx
      /// `inv` with a wtxid.
      case wtx
      /// `inv` with a block's hash.
      case block
      /// `headers`.
      case headers
    }

    /// How.
    public let kind: Kind
    /// The name it is told under.
    public let hash: Hash256
    /// What is sent.
    public let message: Message
  }

  /// How the peer is told of something the node has just got; nil where it does not want to know.
  public mutating func announce(_ item: Ledger.Item, _ ledger: Ledger) -> Announcement? {
    guard phase == .established else { return nil }
    switch item {
    case .transaction(let number):
      guard relaysTransactions, let entry = ledger.entry(number), !knownToPeer.contains(entry.txid),
        !knownToPeer.contains(entry.wtxid)
      else { return nil }
      return usesWtxid ? inventory(.wtx, .wtx, entry.wtxid) : inventory(.tx, .tx, entry.txid)
    case .block(let height):
      let hash = ledger.hashes[height]
      // Headers that follow none the peer has would be of no use to it.
      guard prefersHeaders, sentHeight >= height - 1 else { return inventory(.block, .block, hash) }
      sentHeight = max(sentHeight, height)
      let headers = HeadersMessage(headers: [ledger.headers[height]])
      return Announcement(kind: .headers, hash: hash, message: .headers(headers))
    }
  }

  private func inventory(_ kind: Announcement.Kind, _ type: InventoryType, _ hash: Hash256) -> Announcement {
    let items = [InventoryItem(type, hash)]
    return Announcement(kind: kind, hash: hash, message: .inv(InventoryMessage(items: items)))
  }
}
