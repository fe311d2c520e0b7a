import ArgumentParser
import BitcoinWire
import Bytes
import Commands

/// A thing that is announced, as a person names it: `tx:HASH`, `wtx:HASH`, `block:HASH`.
struct ProbeItem: ExpressibleByArgument, Hashable {
  /// Its type and hash.
  let item: InventoryItem

  /// Names a thing.
  init(_ item: InventoryItem) { self.item = item }

  /// Reads a type and a hash; nil where it is something else.
  init?(argument: String) {
    let parts = argument.split(separator: ":", maxSplits: 1)
    guard parts.count == 2, let type = Dialect.bitcoin.inventoryType(named: String(parts[0])),
      let hash = Hash256(String(parts[1]))
    else { return nil }
    item = InventoryItem(type, hash)
  }
}

/// What a command announces or sends, and how it is recognised.
struct ProbeContent {
  /// A message to send.
  struct Parcel: Hashable {
    /// Its command.
    let command: Command
    /// Its payload.
    let payload: [UInt8]
  }

  /// What is announced to peers that take txids.
  private(set) var items: [InventoryItem] = []
  /// What is announced to peers that take wtxids (BIP339).
  private(set) var witnessItems: [InventoryItem] = []
  /// The things themselves, where they are given.
  private(set) var parcels: [Parcel] = []

  private var parcelByHash: [Hash256: Int] = [:]

  /// Takes what a command line gives.
  ///
  /// - Parameters:
  ///   - named: things by their hashes, announced to everybody as they are named.
  ///   - transactions: as `ByteText` reads them.
  ///   - blocks: likewise.
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

  /// Every name of everything in it.
  var hashes: Set<Hash256> { Set((items + witnessItems).map(\.hash)) }

  /// The thing of a name; nil where only its name is known.
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
      throw ClientFailure(.usage, "The \(command) cannot be read: \(error).")
    }
  }
}
