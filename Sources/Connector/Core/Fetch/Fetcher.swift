import BitcoinWire
import Bytes
import Configuration
import EventLoop

/// Asks for the contents of what peers announce, so that the archive holds them: each transaction and block once, of
/// the first peer that announced it, then of the next where that fails.
///
/// It is within limits: of requests a second, of bytes a second (what came too much holds later requests back), of
/// requests under way, and of memory. What they do not allow waits, oldest first; what does not fit there is left out
/// and counted.
final class Fetcher {
  typealias Settings = Configuration.Fetch

  /// Something announced that is not there yet.
  private struct Item {
    let type: InventoryType
    /// The connection that announced it first, and for whose share it counts.
    let owner: UInt32
    /// The connections that announced it and have not been asked, the first to be asked first.
    var announcers: [UInt32]
    /// The connection that was asked, and until when it may take; nil while it waits.
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

  /// What came of it so far.
  struct Counts {
    /// Requests made.
    var requested: UInt64 = 0
    /// Contents that came.
    var received: UInt64 = 0
    /// Things that no announcer had in time.
    var failed: UInt64 = 0
    /// Things left out because too many waited.
    var leftOut: UInt64 = 0
  }

  /// Most things that wait or are under way.
  static let itemLimit = 50_000

  /// Most of them that one connection announced first: one that announces what is not there must not crowd out the
  /// others.
  static let shareLimit = 5000

  /// Most announcers that are remembered of one thing.
  private static let announcerLimit = 8

  /// Most things in one `getdata`.
  private static let batchLimit = 100

  init(_ connector: Connector) {
    self.connector = connector
    let now = Clock.monotonic()
    requests = Budget(rate: connector.configuration.connector.fetch.rate, now: now)
    bytes = Budget(rate: Double(connector.configuration.connector.fetch.bandwidth), now: now)
    timer = TimerWatcher(on: connector.loop) { [unowned self] in pump() }
  }

  private var settings: Settings { connector.configuration.connector.fetch }

  /// Things that wait or are under way.
  var pendingCount: Int { items.count }

  // MARK: What peers say

  /// A peer has announced things (`inv`).
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

  /// A transaction has come, whoever asked for it.
  func received(transaction payload: RawSpan) {
    guard !items.isEmpty || settings.transactions, let view = try? TransactionView(payload) else { return }
    // It may have been announced by either name, and by both.
    complete(view.wtxid, byteCount: payload.byteCount)
    if view.hasWitness { complete(view.txid, byteCount: 0) }
    pump()
  }

  /// A block has come, whoever asked for it.
  func received(block payload: RawSpan) {
    guard !items.isEmpty || settings.blocks, payload.byteCount >= BlockHeader.size else { return }
    complete(Hash256(doubleSHA256: payload.extracting(first: BlockHeader.size)), byteCount: payload.byteCount)
    pump()
  }

  /// A peer does not have things that it was asked for (`notfound`).
  func missing(_ payload: RawSpan, at connection: UInt32) {
    guard !items.isEmpty, let view = try? InventoryView(payload) else { return }
    for index in 0..<view.count {
      let hash = view[index].hash
      if items[hash]?.asked?.connection == connection { retry(hash) }
    }
    pump()
  }

  /// A connection is gone.
  func ended(_ connection: UInt32) {
    guard let hashes = asked[connection] else { return }
    for hash in hashes { retry(hash) }
    pump()
  }

  /// Once a second: what took too long is asked of the next.
  func tick(_ now: UInt64) {
    guard askedCount > 0 else { return }
    for (hash, item) in items {
      if let asked = item.asked, now > asked.deadline { retry(hash) }
    }
    pump()
  }

  // MARK: Asking

  private func complete(_ hash: Hash256, byteCount: Int) {
    recent.insert(hash)
    guard let item = remove(hash) else { return }
    bytes.spend(Double(byteCount))
    counts.received += 1
    if let asked = item.asked { forget(hash, at: asked.connection) }
  }

  /// The one that was asked has not got it: the next is asked before all that waits.
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
    // It may be announced again, by one that has it.
    _ = remove(hash)
    counts.failed += 1
  }

  private func remove(_ hash: Hash256) -> Item? {
    guard let item = items.removeValue(forKey: hash) else { return nil }
    let share = shares[item.owner, default: 0] - 1
    shares[item.owner] = share > 0 ? share : nil
    return item
  }

  /// Lets go of places in the queue whose things have come before they were asked for.
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
      // What has come meanwhile is not waited for.
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

  /// What is asked for: everything with its witnesses (BIP144).
  private static func request(_ type: InventoryType) -> InventoryType {
    switch type {
    case .tx: .witnessTx
    case .block: .witnessBlock
    default: type
    }
  }
}
