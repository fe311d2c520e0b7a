import BitcoinWire

/// The network by itself, without a socket: transactions and blocks are invented and spread from node to
/// node as time passes.
///
/// Time is passed in; what happens when follows from the settings alone, and only the times in block
/// headers from the start time.
public struct SimulatedNetwork {
  /// Something that has happened.
  public enum Event: Equatable, Sendable {
    /// A node invented something.
    case invented(Ledger.Item, origin: Int, time: UInt64)
    /// A node has got something, the inventor too.
    case learned(Ledger.Item, node: Int, time: UInt64)
  }

  private enum Occasion {
    case transaction
    case block
    case arrival(Ledger.Item)
  }

  /// What it is made of.
  public let settings: SimnetSettings

  /// Which nodes are connected.
  public let topology: Topology

  /// All transactions and blocks.
  public internal(set) var ledger: Ledger

  /// The most transactions that wait for a block; nothing is invented while there are more.
  static let maximumUnmined = 20_000

  /// The most events that one call of `advance` reports, give or take a few.
  static let eventsPerCall = 10_000

  private var occasions = Schedule<Occasion>()
  private var floods: [Ledger.Item: Flood] = [:]
  private var unmined: [Int] = []
  /// When each node can take the next block: right after the last one.
  private var nextBlockTimes: [UInt64]?
  var inventor: TransactionInventor
  var miner: BlockMiner
  private var pace: (transactions: RandomSource, blocks: RandomSource)
  private var delays: RandomSource

  /// Creates a network that begins to live at `start`, in ns since the Unix epoch.
  public init(settings: SimnetSettings, start: UInt64) {
    self.settings = settings
    let seed = settings.seed
    topology = Topology(nodeCount: settings.nodeCount, outbound: settings.outboundCount, seed: seed)
    ledger = Ledger(
      nodeCount: settings.nodeCount,
      keptTransactions: settings.keptTransactions,
      keptBlocks: settings.keptBlocks
    )
    inventor = TransactionInventor(seed: seed)
    miner = BlockMiner(seed: seed)
    pace = (RandomSource(seed: seed, purpose: "pace"), RandomSource(seed: seed, purpose: "block pace"))
    delays = RandomSource(seed: seed, purpose: "delays")
    mineInitialChain()
    planTransaction(after: start)
    planBlock(after: start)
  }

  /// When the next thing happens, in ns; nil for never.
  public var nextTime: UInt64? { occasions.nextTime }

  /// Lets happen what is due, and reports it in order; some may be left for the next call.
  public mutating func advance(to now: UInt64) -> [Event] {
    var events: [Event] = []
    while events.count < Self.eventsPerCall, let next = occasions.nextTime, next <= now,
      let (time, occasion) = occasions.removeFirst()
    {
      switch occasion {
      case .transaction: inventTransaction(at: time, &events)
      case .block: inventBlock(at: time, &events)
      case .arrival(let item): arrive(item, &events)
      }
    }
    return events
  }

  private mutating func inventTransaction(at time: UInt64, _ events: inout [Event]) {
    planTransaction(after: time)
    let origin = Int.random(in: 0..<settings.nodeCount, using: &pace.transactions)
    let isFull = settings.blockInterval > 0 && unmined.count >= Self.maximumUnmined
    guard !isFull, let transaction = inventor.invent() else { return }
    let number = ledger.add(transaction, origin: origin)
    if settings.blockInterval > 0 { unmined.append(number) }
    ledger.forgetOld(all: settings.blockInterval <= 0)
    spread(.transaction(number), from: origin, at: time, hopDelay: settings.hopDelay, &events)
  }

  /// Takes an observer's transaction, which then spreads from a node; does nothing where the network knows it.
  ///
  /// Nobody checks it: what it spends may not exist.
  mutating func take(_ transaction: Transaction, at node: Int, time: UInt64) -> [Event] {
    guard ledger.number(txid: transaction.txid) == nil else { return [] }
    var events: [Event] = []
    let number = ledger.add(transaction, origin: node, isForeign: true)
    ledger.forgetOld(all: false)
    spread(.transaction(number), from: node, at: time, hopDelay: settings.hopDelay, &events)
    return events
  }

  private mutating func inventBlock(at time: UInt64, _ events: inout [Event]) {
    planBlock(after: time)
    // Nobody builds on a block that he does not have, so there is one chain.
    let candidates = (0..<settings.nodeCount).filter { ledger.tip(of: $0) == ledger.height }
    guard let origin = candidates.randomElement(using: &pace.blocks) else { return }
    var left: [Int] = []
    var numbers: [Int] = []
    for number in unmined {
      if ledger.has(number, at: origin) { numbers.append(number) } else { left.append(number) }
    }
    unmined = left
    for number in numbers { ledger.markMined(number) }
    let seconds = UInt32(truncatingIfNeeded: time / 1_000_000_000)
    let height = mine(time: seconds, numbers.compactMap { ledger.entry($0)?.transaction })
    if let matured = ledger.block(at: height - BlockMiner.maturity)?.transactions.first {
      inventor.add(matured, txid: matured.txid)
    }
    ledger.forgetOld(all: false)
    spread(.block(height), from: origin, at: time, hopDelay: settings.hopDelay / 5, &events)
  }

  private mutating func spread(
    _ item: Ledger.Item,
    from origin: Int,
    at time: UInt64,
    hopDelay: Double,
    _ events: inout [Event]
  ) {
    var isBlock = false
    if case .block = item { isBlock = true }
    let flood = Flood(
      from: origin,
      at: time,
      over: topology,
      hopDelay: hopDelay,
      notBefore: isBlock ? nextBlockTimes : nil,
      using: &delays
    )
    if isBlock {
      var times = [UInt64](repeating: 0, count: settings.nodeCount)
      for arrival in flood.arrivals { times[arrival.node] = arrival.time + 1 }
      nextBlockTimes = times
    }
    events.append(.invented(item, origin: origin, time: time))
    floods[item] = flood
    if let first = flood.next { occasions.add(.arrival(item), at: first.time) }
  }

  private mutating func arrive(_ item: Ledger.Item, _ events: inout [Event]) {
    guard let arrival = floods[item]?.next else { return }
    events.append(.learned(item, node: arrival.node, time: arrival.time))
    let isComplete = ledger.give(item, to: arrival.node)
    floods[item]?.happened += 1
    if let next = floods[item]?.next {
      occasions.add(.arrival(item), at: next.time)
      return
    }
    floods[item] = nil
    if isComplete, case .transaction(let number) = item, let entry = ledger.entry(number), !entry.isForeign {
      inventor.add(entry.transaction, txid: entry.txid)
    }
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
