import BitcoinWire
import Bytes

/// A transaction or block that a message tells of, or carries.
struct Announcement {
  /// How it is told.
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

  /// How it is told.
  let form: Form
  /// The type of the `inv` item; nil where it is none.
  let type: InventoryType?
  /// The hash it is told by; a transaction's txid.
  let hash: Hash256
  /// A transaction's wtxid; nil where it is not known.
  var otherHash: Hash256?

  /// What it is, and by which of its hashes it is told: `tx`, `wtx`, `block`.
  func name(in dialect: Dialect) -> String {
    if let type { return dialect.name(of: type) }
    return form == .tx ? "tx" : "block"
  }

  /// Calls `body` with each announcement in a message; with none where it cannot be read.
  ///
  /// - Parameter message: the message, header and payload.
  static func forEach(in message: UnsafeRawBufferPointer, _ body: (Announcement) -> Void) {
    guard let header = MessageHeader(peeking: message.bytes) else { return }
    let payload = UnsafeRawBufferPointer(rebasing: message.dropFirst(MessageHeader.size)).bytes
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
      // What cannot be read announces nothing.
    }
  }
}
