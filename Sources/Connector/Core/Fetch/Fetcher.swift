import BitcoinWire
import Bytes
import Configuration
import EventLoop

/// Requests the transactions and blocks that peers announce, so that the archive holds them. Each is
/// requested once, from its first announcer, then from the next if that fails.
///
/// Limits: requests a second, bytes a second (an excess delays later requests), requests under way, and
/// memory. Items beyond the limits wait, oldest first. Items beyond the memory limit are left out and
/// counted.
final class Fetcher {
  typealias Settings = Configuration.Fetch

  /// An announced item that has not been received.
  private struct Item {
    let type: InventoryType
    /// The first announcer. The item counts for its share.
    let owner: UInt32
    /// The announcers that have not been asked, in order.
    var announcers: [UInt32]
    /// The connection that was asked, and its deadline on the monotonic clock in ns; nil while the item
    /// waits.
    var asked: (connection: UInt32, deadline: UInt64)?
  }

  private unowned let connector: Connector
  private var recent = RecentHashes(capacity: 1 << 18)
  private var items: [Hash256: Item] = [:]
  private var queue: [Hash256] = []
  private var queueHead = 0
  private var asked: [UInt32: Set<Hash256>] = [:]
  private var askedCount = 0
  private var shares: [UInt32: Int] = [:]
  private var requests: Budget
  private var bytes: Budget
  private var timer: TimerWatcher?
  private(set) var counts = Counts()

  /// Totals since the start.
  struct Counts {
    /// Items requested.
    var requested: UInt64 = 0
    /// Items received.
    var received: UInt64 = 0
    /// Items that no announcer delivered in time.
    var failed: UInt64 = 0
    /// Items left out because too many waited.
    var leftOut: UInt64 = 0
  }

  /// The most items that wait or are under way.
  static let itemLimit = 50_000

  /// The most items that count for one announcer, so that a peer with false announcements does not crowd out
  /// the others.
  static let shareLimit = 5000

  /// The most announcers remembered for an item.
  private static let announcerLimit = 8

  /// The most items in one `getdata`.
  private static let batchLimit = 100

  init(_ connector: Connector) {
    self.connector = connector
    let now = Clock.monotonic()
    requests = Budget(rate: connector.configuration.connector.fetch.rate, now: now)
    bytes = Budget(rate: Double(connector.configuration.connector.fetch.bandwidth), now: now)
    timer = TimerWatcher(on: connector.loop) { [unowned self] in pump() }
  }

  private var settings: Settings { connector.configuration.connector.fetch }

  /// Items that wait or are under way.
  var pendingCount: Int { items.count }

  // MARK: Input from peers

  /// Handles a peer's `inv`.
  func announced(_ payload: RawSpan, by connection: UInt32) {
    guard settings.transactions || settings.blocks, let view = try? InventoryView(payload) else { return }
    for index in 0..<view.count {
      let item = view[index]
      let isWanted =
        switch item.type {
        case .tx, .wtx: settings.transactions
        case .block: settings.blocks
        default: false
        }
      if isWanted { note(item, by: connection) }
    }
    pump()
  }

  private func note(_ item: InventoryItem, by connection: UInt32) {
    if items[item.hash] != nil {
      guard let known = items[item.hash], known.announcers.count < Self.announcerLimit,
        known.asked?.connection != connection, !known.announcers.contains(connection)
      else { return }
      items[item.hash]?.announcers.append(connection)
    } else if !recent.contains(item.hash) {
      guard items.count < Self.itemLimit, shares[connection, default: 0] < Self.shareLimit else {
        counts.leftOut += 1
        return
      }
      items[item.hash] = Item(type: item.type, owner: connection, announcers: [connection])
      shares[connection, default: 0] += 1
      queue.append(item.hash)
      if queue.count - queueHead > 2 * Self.itemLimit { dropSettled() }
    }
  }

  /// Handles a `tx`, whether or not we asked for it.
  func received(transaction payload: RawSpan) {
    guard !items.isEmpty || settings.transactions, let view = try? TransactionView(payload) else { return }
    // It may have been announced by wtxid, by txid, or by both.
    complete(view.wtxid, byteCount: payload.byteCount)
    if view.hasWitness { complete(view.txid, byteCount: 0) }
    pump()
  }

  /// Handles a `block`, whether or not we asked for it.
  func received(block payload: RawSpan) {
    guard !items.isEmpty || settings.blocks, payload.byteCount >= BlockHeader.size else { return }
    complete(Hash256(doubleSHA256: payload.extracting(first: BlockHeader.size)), byteCount: payload.byteCount)
    pump()
  }

  /// Handles a peer's `notfound`.
  func missing(_ payload: RawSpan, at connection: UInt32) {
    guard !items.isEmpty, let view = try? InventoryView(payload) else { return }
    for index in 0..<view.count {
      let hash = view[index].hash
      if items[hash]?.asked?.connection == connection { retry(hash) }
    }
    pump()
  }

  /// Handles the end of a connection: its requests go to other announcers.
  func ended(_ connection: UInt32) {
    guard let hashes = asked[connection] else { return }
    for hash in hashes { retry(hash) }
    pump()
  }

  /// Repeats expired requests to the next announcer. Called once a second.
  func tick(_ now: UInt64) {
    guard askedCount > 0 else { return }
    for (hash, item) in items {
      if let asked = item.asked, now > asked.deadline { retry(hash) }
    }
    pump()
  }

  // MARK: Requests

  private func complete(_ hash: Hash256, byteCount: Int) {
    recent.insert(hash)
    guard let item = remove(hash) else { return }
    bytes.spend(Double(byteCount))
    counts.received += 1
    if let asked = item.asked { forget(hash, at: asked.connection) }
  }

  /// Queues an item for its next announcer, ahead of the others, because the last one failed.
  private func retry(_ hash: Hash256) {
    guard let item = items[hash], let asked = item.asked else { return }
    forget(hash, at: asked.connection)
    items[hash]?.asked = nil
    if item.announcers.isEmpty {
      giveUp(hash)
    } else if queueHead > 0 {
      queueHead -= 1
      queue[queueHead] = hash
    } else {
      queue.append(hash)
    }
  }

  private func giveUp(_ hash: Hash256) {
    // It may be announced again by a peer that has it.
    _ = remove(hash)
    counts.failed += 1
  }

  private func remove(_ hash: Hash256) -> Item? {
    guard let item = items.removeValue(forKey: hash) else { return nil }
    let share = shares[item.owner, default: 0] - 1
    shares[item.owner] = share > 0 ? share : nil
    return item
  }

  /// Removes items from the queue that were received before they were requested.
  private func dropSettled() {
    queue = queue[queueHead...].filter { hash in items[hash].map { $0.asked == nil } ?? false }
    queueHead = 0
  }

  private func forget(_ hash: Hash256, at connection: UInt32) {
    askedCount -= 1
    asked[connection]?.remove(hash)
    if asked[connection]?.isEmpty == true { asked[connection] = nil }
  }

  private func pump() {
    let now = Clock.monotonic()
    requests.fill(rate: settings.rate, now: now)
    bytes.fill(rate: Double(settings.bandwidth), now: now)
    var batches: [UInt32: [InventoryItem]] = [:]
    while queueHead < queue.count, askedCount < settings.maxPending, requests.isLeft, bytes.isLeft {
      let hash = queue[queueHead]
      queueHead += 1
      // Skip items that were received meanwhile.
      guard var item = items[hash], item.asked == nil else { continue }
      guard let index = item.announcers.firstIndex(where: { connector.connections[$0]?.state == .open })
      else {
        giveUp(hash)
        continue
      }
      let connection = item.announcers[index]
      item.announcers.removeSubrange(...index)
      item.asked = (connection, now + UInt64(settings.timeout * 1e9))
      items[hash] = item
      asked[connection, default: []].insert(hash)
      askedCount += 1
      requests.spend(1)
      counts.requested += 1
      batches[connection, default: []].append(InventoryItem(Self.request(item.type), hash))
      if batches[connection]!.count == Self.batchLimit {
        send(batches.removeValue(forKey: connection)!, to: connection)
      }
    }
    for (connection, batch) in batches { send(batch, to: connection) }
    if queueHead == queue.count || queueHead > 1024 && queueHead > queue.count / 2 {
      queue.removeFirst(queueHead)
      queueHead = 0
    }
    if !queue.isEmpty, askedCount < settings.maxPending { timer?.start(after: 0.05) }
  }

  private func send(_ items: [InventoryItem], to connection: UInt32) {
    connector.connections[connection]?.send(.getdata(InventoryMessage(items: items)))
  }

  /// The type to request: always with witnesses (BIP144).
  private static func request(_ type: InventoryType) -> InventoryType {
    switch type {
    case .tx: .witnessTx
    case .block: .witnessBlock
    default: type
    }
  }
}
