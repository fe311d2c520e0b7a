import ArgumentParser
import BitcoinWire
import Bytes
import Commands

/// An item to announce, on a command line: `tx:HASH`, `wtx:HASH`, `block:HASH`.
struct ProbeItem: ExpressibleByArgument, Hashable {
  /// The item's type and hash.
  let item: InventoryItem

  /// Creates an item.
  init(_ item: InventoryItem) { self.item = item }

  /// Parses a type and a hash; nil if the text is something else.
  init?(argument: String) {
    let parts = argument.split(separator: ":", maxSplits: 1)
    guard parts.count == 2, let type = Dialect.bitcoin.inventoryType(named: String(parts[0])),
      let hash = Hash256(String(parts[1]))
    else { return nil }
    item = InventoryItem(type, hash)
  }
}

/// The items that a command announces or sends, and their hashes.
struct ProbeContent {
  /// A message to send.
  struct Parcel: Hashable {
    /// The command.
    let command: Command
    /// The payload.
    let payload: [UInt8]
  }

  /// The items to announce to peers that use txids.
  private(set) var items: [InventoryItem] = []
  /// The items to announce to peers that use wtxids (BIP 339).
  private(set) var witnessItems: [InventoryItem] = []
  /// The messages that carry the items, if the items are given whole.
  private(set) var parcels: [Parcel] = []

  private var parcelByHash: [Hash256: Int] = [:]

  /// Reads the items of a command line.
  ///
  /// - Parameters:
  ///   - named: items given by hash, announced to all peers as given.
  ///   - transactions: texts in the form that `ByteText` reads.
  ///   - blocks: texts in the same form.
  init(named: [ProbeItem], transactions: [String], blocks: [String]) throws(ClientFailure) {
    items = named.map(\.item)
    witnessItems = items
    for text in transactions {
      let transaction = try Self.decode(Transaction.self, .tx, ByteText.bytes(text))
      items.append(InventoryItem(.tx, transaction.txid))
      witnessItems.append(InventoryItem(.wtx, transaction.wtxid))
      for hash in [transaction.txid, transaction.wtxid] { parcelByHash[hash] = parcels.count }
      parcels.append(Parcel(command: .tx, payload: transaction.bytes))
    }
    for text in blocks {
      let block = try Self.decode(Block.self, .block, ByteText.bytes(text))
      items.append(InventoryItem(.block, block.header.hash))
      witnessItems.append(InventoryItem(.block, block.header.hash))
      parcelByHash[block.header.hash] = parcels.count
      parcels.append(Parcel(command: .block, payload: block.bytes))
    }
  }

  /// All hashes of all items.
  var hashes: Set<Hash256> { Set((items + witnessItems).map(\.hash)) }

  /// The item with a hash; nil if only the hash was given.
  func parcel(_ hash: Hash256) -> Parcel? { parcelByHash[hash].map { parcels[$0] } }

  private static func decode<T: MessagePayload>(
    _ type: T.Type,
    _ command: Command,
    _ bytes: [UInt8]
  ) throws(ClientFailure) -> T {
    do throws(WireError) {
      var reader = ByteReader(bytes.span.bytes)
      let value = try T(from: &reader)
      try reader.finish("bytes")
      return value
    } catch {
      throw ClientFailure(.usage, "The \(command) cannot be decoded: \(error).")
    }
  }
}
