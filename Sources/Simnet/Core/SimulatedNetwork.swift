import BitcoinWire

/// The network itself, without sockets: transactions and blocks are created and spread from node to node as
/// time passes.
///
/// Time is passed in. The events and their times relative to the start follow from the settings alone; the
/// start time affects only the times in block headers.
public struct SimulatedNetwork {
  /// An event in the network.
  public enum Event: Equatable, Sendable {
    /// A node created an item.
    case invented(Ledger.Item, origin: Int, time: UInt64)
    /// A node got an item, or created it.
    case learned(Ledger.Item, node: Int, time: UInt64)
    /// A node refused a transaction because it spends an output that another of its transactions spends.
    case refused(txid: Hash256, node: Int, time: UInt64)
    /// A node went down or came back.
    case went(down: Bool, node: Int, time: UInt64)
    /// A node announced its own address to its neighbours.
    case announcedSelf(node: Int, time: UInt64)
    /// A node heard an address and relays it.
    case heard(KnownNode, node: Int, time: UInt64)
    /// An item has reached all nodes that it will reach, at these times.
    case settled(Ledger.Item, start: UInt64, arrivals: [Arrival])
  }

  enum Occasion {
    case transaction
    case block
    /// An item reaches a node. If `again`, the node has already asked for its parents.
    case offer(Ledger.Item, to: Int, again: Bool)
    /// A random node goes down.
    case churn
    /// A node comes back.
    case returning(Int)
    /// A node announces its own address.
    case selfAnnouncement(Int)
    /// An address reaches a node.
    case rumour(Int, at: Int)
  }

  /// The network's settings.
  public let settings: SimnetSettings

  /// All transactions and blocks.
  public internal(set) var ledger: Ledger

  /// Most transactions that wait for a block. Beyond it, no more are created.
  static let maximumUnmined = 20_000

  /// Most events that one call of `advance` returns, more or less.
  static let eventsPerCall = 10_000

  let directory: NodeDirectory
  let links: Links
  var occasions = Schedule<Occasion>()
  var spreads: [Ledger.Item: Spread] = [:]
  var events: [Event] = []
  var unmined: [Int] = []
  var rumours: [Int: Rumour] = [:]
  var lastRumour = 0
  var inventor: TransactionInventor
  var miner: BlockMiner
  var isUp: [Bool]
  var upCount: Int
  var churn: RandomSource
  private var pace: (transactions: RandomSource, blocks: RandomSource)

  /// Creates a network that starts at `start`, in ns since the Unix epoch.
  public init(_ directory: NodeDirectory, start: UInt64) {
    settings = directory.settings
    self.directory = directory
    let seed = settings.seed
    links = Links(directory, start: start)
    ledger = Ledger(
      nodeCount: settings.nodeCount,
      keptTransactions: settings.keptTransactions,
      keptBlocks: settings.keptBlocks
    )
    inventor = TransactionInventor(seed: seed)
    miner = BlockMiner(seed: seed)
    isUp = Array(repeating: true, count: settings.nodeCount)
    upCount = settings.nodeCount
    churn = RandomSource(seed: seed, purpose: "churn")
    pace = (RandomSource(seed: seed, purpose: "pace"), RandomSource(seed: seed, purpose: "block pace"))
    mineInitialChain()
    planTransaction(after: start)
    planBlock(after: start)
    planSelfAnnouncements(after: start)
    planChurn(after: start)
  }

  /// The nodes' connections.
  public var topology: Topology { links.topology }

  /// Time of the next occasion in ns; nil for none.
  public var nextTime: UInt64? { occasions.nextTime }

  /// Simulates up to a time; returns the events in order. It may stop early: call it again while `nextTime`
  /// is due.
  public mutating func advance(to now: UInt64) -> [Event] {
    while events.count < Self.eventsPerCall, let next = occasions.nextTime, next <= now,
      let (time, occasion) = occasions.removeFirst()
    {
      switch occasion {
      case .transaction: inventTransaction(at: time)
      case .block: inventBlock(at: time)
      case .offer(let item, let node, let again): arrive(item, at: node, time, again: again)
      case .churn: loseNode(at: time)
      case .returning(let node): regain(node, at: time)
      case .selfAnnouncement(let node): announceSelf(node, at: time)
      case .rumour(let rumour, let node): hear(rumour, at: node, time)
      }
    }
    return takeEvents()
  }

  /// Removes and returns the events not yet reported.
  mutating func takeEvents() -> [Event] {
    defer { events = [] }
    return events
  }

  private mutating func inventTransaction(at time: UInt64) {
    planTransaction(after: time)
    let origin = firstUp(from: Int.random(in: 0..<settings.nodeCount, using: &pace.transactions))
    let isFull = settings.blockInterval > 0 && unmined.count >= Self.maximumUnmined
    guard !isFull else { return }
    let invented = inventor.invent { [ledger] in !ledger.spenders(of: $0).isEmpty }
    guard let (transaction, fee) = invented else { return }
    let feeRate = fee * 1000 / Int64(transaction.virtualSize)
    let number = ledger.add(transaction, origin: origin, feeRate: feeRate)
    if settings.blockInterval > 0 { unmined.append(number) }
    forgetOld(all: settings.blockInterval <= 0)
    spread(.transaction(number), from: origin, at: time)
  }

  private mutating func inventBlock(at time: UInt64) {
    planBlock(after: time)
    // A node mines only on the last block, so there is one chain.
    let candidates = (0..<settings.nodeCount).filter { isUp[$0] && ledger.tip(of: $0) == ledger.height }
    guard let origin = candidates.randomElement(using: &pace.blocks) else { return }
    let numbers = takeMineable(at: origin)
    let seconds = UInt32(truncatingIfNeeded: time / 1_000_000_000)
    let height = mine(time: seconds, numbers.compactMap { ledger.entry($0)?.transaction })
    if let matured = ledger.block(at: height - BlockMiner.maturity)?.transactions.first {
      ledger.coins.formUnion(inventor.add(matured, txid: matured.txid))
    }
    ledger.refused = []
    forgetOld(all: false)
    spread(.block(height), from: origin, at: time)
  }

  /// Drops old transactions that are no longer spreading.
  mutating func forgetOld(all: Bool) {
    ledger.forgetOld(all: all) { [spreads] in spreads[$0] != nil }
  }

  private mutating func planTransaction(after time: UInt64) {
    guard settings.transactionRate > 0 else { return }
    let wait = pace.transactions.wait(mean: 1 / settings.transactionRate)
    occasions.add(.transaction, at: time + wait)
  }

  private mutating func planBlock(after time: UInt64) {
    guard settings.blockInterval > 0 else { return }
    let seconds = settings.blockInterval * Double.random(in: 0.5..<1.5, using: &pace.blocks)
    occasions.add(.block, at: time + UInt64(seconds * 1e9))
  }
}
