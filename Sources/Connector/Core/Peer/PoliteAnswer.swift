import BitcoinWire
import Bytes

/// The answers that keep peers from dropping an observer without a block chain.
enum PoliteAnswer {
  /// The answer to a message; nil if it needs none or is malformed.
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
