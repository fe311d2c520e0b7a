import BitcoinWire
import Bytes
import EventLoop

/// Announces the newest block to all peers by `inv` if so configured, as Bitnodes' pinger does. Bitcoin Core
/// drops peers first that have announced nothing for long.
final class BlockAnnouncer {
  /// Peers announced to in one loop iteration.
  private static let batchCount = 256

  private unowned let connector: Connector
  private var newest = NewestBlock()
  private var untold: ArraySlice<PeerConnection> = []
  private var timer: TimerWatcher?

  /// Creates an announcer that knows no block.
  init(of connector: Connector) {
    self.connector = connector
    timer = TimerWatcher(on: connector.loop) { [unowned self] in tell() }
  }

  /// Handles a message that may announce a block: `inv`, `headers` or `cmpctblock`. Inbound peers are
  /// ignored, as we did not choose them.
  func heard(_ command: Command, _ payload: RawSpan, of connection: PeerConnection) {
    let threshold = connector.settings.announceBlock
    guard threshold > 0, connection.direction == .outbound, let hash = Self.block(command, payload),
      newest.announced(hash, by: connection.id, threshold: threshold)
    else { return }
    untold = connector.recipients(.all).found[...]
    timer?.start(after: 0)
  }

  /// Forgets a closed connection's vote.
  func ended(_ connection: UInt32) { newest.forget(connection) }

  /// The last block that a message announces; nil if it announces none.
  private static func block(_ command: Command, _ payload: RawSpan) -> Hash256? {
    switch command {
    case .inv:
      guard let view = try? InventoryView(payload) else { return nil }
      for index in (0..<view.count).reversed() where view[index].type == .block { return view[index].hash }
      return nil
    case .headers:
      guard let last = try? HeadersMessage(payload).headers.last else { return nil }
      return last.hash
    default:
      guard payload.byteCount >= BlockHeader.size else { return nil }
      return Hash256(doubleSHA256: payload.extracting(first: BlockHeader.size))
    }
  }

  private func tell() {
    guard let hash = newest.hash else { return }
    let message = connector.network.frame(.inv(InventoryMessage(items: [InventoryItem(.block, hash)])))
    for connection in untold.prefix(Self.batchCount) where connection.state == .open {
      if !newest.isKnown(to: connection.id) { connection.send(message) }
    }
    untold = untold.dropFirst(Self.batchCount)
    if !untold.isEmpty { timer?.start(after: connector.hasRoom ? 0 : 0.1) }
  }
}
