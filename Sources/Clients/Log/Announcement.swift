import BitcoinWire
import Bytes
import LogProtocol

/// A transaction or block that a message announces or carries.
struct Announcement {
  /// The kind of message or entry that announces it.
  enum Form: String {
    /// An `inv` item.
    case inv
    /// A header.
    case headers
    /// A compact block.
    case cmpctblock
    /// The transaction itself.
    case tx
    /// The block itself.
    case block
  }

  /// The kind of message or entry that announces it.
  let form: Form
  /// The type of the `inv` item; nil in every other form.
  let type: InventoryType?
  /// The announced hash: of an `inv` item as it is in the item, of a `tx` message the txid, else the block
  /// hash.
  let hash: Hash256
  /// The wtxid of a `tx` message; nil in every other form.
  var otherHash: Hash256?

  /// The kind of hash: `tx`, `wtx`, `block` and so on.
  func name(in dialect: Dialect) -> String {
    if let type { return dialect.name(of: type) }
    return form == .tx ? "tx" : "block"
  }

  /// Calls `body` with each announcement in a message, and not at all if the message cannot be parsed.
  ///
  /// - Parameter record: a message's record; of any other there are none.
  static func forEach(in record: StreamRecord, _ body: (Announcement) -> Void) {
    guard case .message(let header?) = record.content else { return }
    let payload = record.payload.bytes
    do throws(WireError) {
      switch header.command {
      case .inv:
        let items = try InventoryView(payload)
        for index in 0..<items.count {
          body(Announcement(form: .inv, type: items[index].type, hash: items[index].hash))
        }
      case .headers:
        for header in try HeadersMessage(payload).headers {
          body(Announcement(form: .headers, type: nil, hash: header.hash))
        }
      case .cmpctblock:
        var reader = ByteReader(payload)
        body(Announcement(form: .cmpctblock, type: nil, hash: try BlockHeader(from: &reader).hash))
      case .block:
        body(Announcement(form: .block, type: nil, hash: try BlockCursor(payload).header.hash))
      case .tx:
        let transaction = try TransactionView(payload)
        body(Announcement(form: .tx, type: nil, hash: transaction.txid, otherHash: transaction.wtxid))
      default: break
      }
    } catch {
      // A message that cannot be parsed announces nothing.
    }
  }
}
