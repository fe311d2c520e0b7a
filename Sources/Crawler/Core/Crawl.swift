import BitcoinWire
import Observations

/// The state machine of a crawl: it holds all addresses, and decides which ones to dial and when, and which
/// nodes to ask for more addresses.
///
/// It has no sockets and no clock. Times are in seconds since the crawl began, on the monotonic clock. Its
/// decisions are fetched with `nextDials`, `takeAsks`, `takeDisconnects` and `takeLookups`; events are
/// reported to it.
public struct Crawl {
  /// A connection in the making.
  struct Flight {
    let index: UInt32
    var connectDuration: UInt64?
    /// Whether the crawl gave it up because it took too long.
    var isGivenUp = false
  }

  /// An established connection.
  struct Link {
    let index: UInt32
    /// Whether the crawl made it, and so may close it.
    let isOurs: Bool
    var isAwaited = false
    /// Addresses that may belong to its answer, told since it was asked.
    var toldCount = 0
    /// When its answer began, and when it is complete unless more comes; nil before an answer has begun.
    var answerBegan: Double?
    var settlesAt: Double?
    var isClosing = false
    /// Whether it is closed to be dialled again at once.
    var isRenewed = false
    /// How often it was asked for addresses.
    var askCount = 0
  }

  /// Counts of events since the crawl began.
  public struct Counts: Hashable, Sendable {
    /// Dials begun.
    public internal(set) var dials = 0
    /// Handshakes done.
    public internal(set) var handshakes = 0
    /// Connections asked for addresses.
    public internal(set) var asks = 0
    /// Connections that answered.
    public internal(set) var answers = 0
    /// Addresses received, including known ones.
    public internal(set) var told = 0
    /// New addresses among those told, if they are remembered.
    public internal(set) var new = 0
    /// Nodes reached whose address a peer told, each counted once.
    public internal(set) var reached = 0
    /// Addresses that may not be dialled, such as unroutable ones.
    public internal(set) var inadmissible = 0
    /// Addresses beyond the quota of their advertiser or group, or beyond memory.
    public internal(set) var overQuota = 0
  }

  /// The settings of the crawl.
  public let settings: CrawlSettings

  /// Counts of events since the crawl began.
  public internal(set) var counts = Counts()

  /// The numbers of reachable nodes by network.
  public internal(set) var reachable: [NetworkID: Int] = [:]

  /// The number of the current pass, from 1; 0 before the first.
  public internal(set) var pass = 0

  /// Whether dials wait in the connector's queue. If so, no dial is given up, as it may not have begun.
  public var isConnectorBusy = false

  /// Number of other connections, which count against `CrawlSettings.connections` too.
  public var reservedConnections = 0

  /// The start of the crawl in seconds since the Unix epoch.
  let epoch: Double
  let hashing: AddressHashing
  var random: CrawlRandom
  var table: CandidateTable
  var frontier = Frontier()
  var agenda = Agenda()
  var nodes: [UInt32: FoundNode] = [:]
  var flights: [UInt32: Flight] = [:]
  var links: [UInt32: Link] = [:]
  /// The numbers of candidates that were never tried, by a hash of their group.
  var groupCounts = [UInt16](repeating: 0, count: 1 << 16)
  /// Candidates that wait for their second attempt in this pass.
  var retries: Set<UInt32> = []
  /// The number of candidates in the frontier.
  var queuedCount = 0
  /// The number of connections whose answer is awaited.
  var awaitedCount = 0
  /// The number of dials in flight, including those that the connector has not got yet.
  var diallingCount = 0
  /// Deadlines for connecting, one queue per time-out, so that each is in order of time.
  var connectDeadlines = [Fifo<(connection: UInt32, time: Double)>](repeating: Fifo(), count: 3)
  /// Deadlines for answers, of the crawl's connections and of adopted ones.
  var answerDeadlines = [Fifo<(connection: UInt32, time: Double)>](repeating: Fifo(), count: 2)
  /// Whether a round of asking is under way.
  var isRoundOpen = false
  /// Connections that are closed to be dialled again at once.
  var renewalCount = 0
  /// Connections whose answer has begun, and when it is complete; the first is due first.
  var settling = Fifo<(connection: UInt32, time: Double)>()
  /// Connections to ask again, and when; the first is due first.
  var repeats = Fifo<(connection: UInt32, time: Double)>()
  /// New addresses, kept if peers are asked in rounds.
  var newAddresses: [Endpoint] = []
  var saved = 1.0
  var savedAt = 0.0
  var pausedUntil = 0.0
  var passBegan = 0.0
  var evictionHand: UInt32 = 0
  var asks: [UInt32] = []
  var disconnects: [UInt32] = []
  var lookups: [UInt32] = []
  var attempts: [CrawlAttempt] = []
  var tellings: [CrawlTelling] = []
  /// Nodes that have answered, or whose answer is not awaited.
  var described: [UInt32] = []

  /// Creates a crawl without candidates.
  ///
  /// - Parameters:
  ///   - epoch: the current time in seconds since the Unix epoch, when the crawl's clock is 0.
  ///   - seed: the seed of all random numbers. Keep it secret, so that peers cannot predict them.
  public init(_ settings: CrawlSettings, epoch: Double, seed: UInt64) {
    self.settings = settings
    self.epoch = epoch
    random = CrawlRandom(seed: seed)
    hashing = AddressHashing(seed: random.next())
    table = CandidateTable(hashing: hashing)
  }

  /// The number of known addresses.
  public var candidateCount: Int { table.count }

  /// The number of candidates that are dialled as soon as there is room.
  public var frontierCount: Int { queuedCount }

  /// The number of dials in flight.
  public var inFlightCount: Int { diallingCount }

  /// The number of established connections.
  public var connectionCount: Int { links.count }

  /// Whether the pass is over: everything is settled, or the crawl holds connections and the next pass is
  /// due. A crawl that holds connections may never settle, because of gossip and returning nodes.
  public func isOver(at now: Double) -> Bool { isSettled || settings.holds && pass > 0 && now >= nextPass }

  /// Whether no dial is due or in flight, and no answer is awaited.
  public var isSettled: Bool {
    queuedCount == 0 && diallingCount == 0 && awaitedCount == 0 && retries.isEmpty && asks.isEmpty
      && disconnects.isEmpty && lookups.isEmpty
  }

  /// The start of the next pass in seconds since the crawl began.
  public var nextPass: Double { pass == 0 ? 0 : passBegan + settings.passInterval }

  /// Returns the connections to ask for addresses now.
  public mutating func takeAsks() -> [UInt32] {
    defer { asks = [] }
    return asks
  }

  /// Returns the connections to close now.
  public mutating func takeDisconnects() -> [UInt32] {
    defer { disconnects = [] }
    return disconnects
  }

  /// Returns connections that other clients made. Look them up and pass them to `adopt`.
  public mutating func takeLookups() -> [UInt32] {
    defer { lookups = [] }
    return lookups
  }

  /// Returns the attempts that have ended since the last call.
  public mutating func takeAttempts() -> [CrawlAttempt] {
    defer { attempts = [] }
    return attempts
  }

  /// Returns the new advertisements since the last call.
  public mutating func takeTellings() -> [CrawlTelling] {
    defer { tellings = [] }
    return tellings
  }

  /// Returns the nodes whose description was completed since the last call.
  public mutating func takeDescribed() -> [CrawledNode] {
    defer { described = [] }
    return described.compactMap { crawled($0) }
  }

  /// Converts a time on the crawl's clock to seconds since the Unix epoch.
  func wall(_ now: Double) -> UInt32 { UInt32(clamping: Int(epoch + now)) }

  /// Moves a candidate from one place to another.
  mutating func move(_ index: UInt32, to place: Candidate.Place) {
    if table[index].place == .queued { queuedCount -= 1 }
    if place == .queued { queuedCount += 1 }
    table[index].place = place
  }

  /// Puts a candidate into the frontier, or into a higher level if it has become likelier.
  mutating func queue(_ index: UInt32) {
    let candidate = table[index]
    let level = candidate.likelihood
    table[index].level = UInt8(level)
    move(index, to: .queued)
    // An address from one node alone takes the turn of the advertiser's group, others that of their own
    // group.
    let isSingular = level >= 5 && candidate.advertiser != Candidate.nobody
    let subject = isSingular ? table[candidate.advertiser].endpoint : candidate.endpoint
    frontier.append(index, level: level, group: hashing.block(subject.address))
  }

  /// Schedules a candidate to be dialled in `seconds`.
  mutating func wait(_ index: UInt32, seconds: Double, at now: Double) {
    let due = UInt32(clamping: Int((now + seconds) * 100))
    table[index].due = due
    move(index, to: .waiting)
    agenda.append(index, due: due)
  }

  /// Sets a candidate's state and updates the counts of reachable nodes.
  mutating func setState(_ index: UInt32, _ state: NodeState) {
    let network = table[index].endpoint.address.network
    if table[index].state == .reachable { reachable[network, default: 0] -= 1 }
    if state == .reachable { reachable[network, default: 0] += 1 }
    table[index].state = state
  }
}
