import BitcoinWire
import Bytes

/// The answers that keep peers from dropping an observer that has no chain of its own.
enum PoliteAnswer {
  /// The answer to a message; nil where none is due. A message that cannot be read gets none.
  static func to(_ command: Command, payload: RawSpan) -> Message? {
    do throws(WireError) {
      switch command {
      case .ping:
        let ping = try PingMessage(payload)
        return ping.nonce.map { .pong(PongMessage(nonce: $0)) }
      case .getheaders:
        _ = try LocatorMessage(payload)
        return .headers(HeadersMessage(headers: []))
      case .getblocks:
        _ = try LocatorMessage(payload)
        return .inv(InventoryMessage(items: []))
      case .getdata:
        return .notfound(try InventoryMessage(payload))
      default:
        return nil
      }
    } catch {
      return nil
    }
  }
}
