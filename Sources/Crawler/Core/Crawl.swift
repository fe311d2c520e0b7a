import BitcoinWire
import Observations

/// Which addresses there are, which of them to dial and when, whom to ask for more, and what became of each.
///
/// Nothing in it waits or sends. Time is passed in: seconds since the crawl began, on a clock that never steps. What is
/// to be done is taken from it: `nextDials`, `takeAsks`, `takeDisconnects`, `takeLookups`; what happens is told to it.
public struct Crawl {
  /// A connection that is being made.
  struct Flight {
    let index: UInt32
    var connectDuration: UInt64?
    /// Whether we gave it up, as it took too long.
    var isGivenUp = false
  }

  /// A connection that stands.
  struct Link {
    let index: UInt32
    /// Whether we made it, and so may close it.
    let isOurs: Bool
    var isAwaited = false
    var isClosing = false
    /// Whether it is closed to be dialled again at once.
    var isRenewed = false
    /// How often it was asked for addresses.
    var askCount = 0
  }

  /// What has happened so far.
  public struct Counts: Hashable, Sendable {
    /// Dials begun.
    public internal(set) var dials = 0
    /// Handshakes done.
    public internal(set) var handshakes = 0
    /// Connections asked for addresses.
    public internal(set) var asks = 0
    /// Those that answered.
    public internal(set) var answers = 0
    /// Addresses told, those told before too.
    public internal(set) var told = 0
    /// Addresses told that were not known, and are remembered.
    public internal(set) var new = 0
    /// Nodes reached that others told of, each counted once.
    public internal(set) var reached = 0
    /// Addresses that nobody elsewhere can have, and those not to be dialled.
    public internal(set) var inadmissible = 0
    /// Addresses beyond what their teller, their group or memory has room for.
    public internal(set) var overQuota = 0
  }

  /// How the crawl is done.
  public let settings: CrawlSettings

  /// What has happened so far.
  public internal(set) var counts = Counts()

  /// How many reachable nodes there are, by network.
  public internal(set) var reachable: [NetworkID: Int] = [:]

  /// The number of the pass that is under way, from 1; 0 before the first.
  public internal(set) var pass = 0

  /// Whether the connector has connects that wait: then nothing is given up, as it may not have begun.
  public var isConnectorBusy = false

  /// Connections that the crawl did not make and does not know, which count against `CrawlSettings.connections`.
  public var reservedConnections = 0

  /// Seconds since the Unix epoch when the crawl began.
  let epoch: Double
  let hashing: AddressHashing
  var random: CrawlRandom
  var table: CandidateTable
  var frontier = Frontier()
  var agenda = Agenda()
  var nodes: [UInt32: FoundNode] = [:]
  var flights: [UInt32: Flight] = [:]
  var links: [UInt32: Link] = [:]
  /// Never tried candidates by their group's hash.
  var groupCounts = [UInt16](repeating: 0, count: 1 << 16)
  /// Those that are tried once more in this pass, and wait for it.
  var retries: Set<UInt32> = []
  /// How many candidates are in the frontier.
  var queuedCount = 0
  /// How many connections' answers are waited for.
  var awaitedCount = 0
  /// How many dials are under way, those included that the connector has not been told of.
  var diallingCount = 0
  /// Until when connections may be made, by how long that may take; each queue's first is due first.
  var connectDeadlines = [Fifo<(connection: UInt32, time: Double)>](repeating: Fifo(), count: 3)
  /// Until when answers are waited for, of our connections and of others'.
  var answerDeadlines = [Fifo<(connection: UInt32, time: Double)>](repeating: Fifo(), count: 2)
  /// Whether a round of asking is under way.
  var isRoundOpen = false
  /// Connections that are closed to be dialled again at once.
  var renewalCount = 0
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
  /// Nodes whose answer has come, or is not waited for.
  var described: [UInt32] = []

  /// Begins knowing nothing.
  ///
  /// - Parameters:
  ///   - epoch: seconds since the Unix epoch now, when the crawl's clock is at 0.
  ///   - seed: what is drawn follows from it; nobody else should know it.
  public init(_ settings: CrawlSettings, epoch: Double, seed: UInt64) {
    self.settings = settings
    self.epoch = epoch
    random = CrawlRandom(seed: seed)
    hashing = AddressHashing(seed: random.next())
    table = CandidateTable(hashing: hashing)
  }

  /// How many addresses are remembered.
  public var candidateCount: Int { table.count }

  /// How many candidates are to be dialled as soon as there is room.
  public var frontierCount: Int { queuedCount }

  /// How many dials are under way.
  public var inFlightCount: Int { diallingCount }

  /// How many connections stand.
  public var connectionCount: Int { links.count }

  /// Whether the pass is over: all is settled; or, as gossip and who comes back leave a crawl that holds no rest, the next
  /// one is due.
  public func isOver(at now: Double) -> Bool { isSettled || settings.holds && pass > 0 && now >= nextPass }

  /// Whether nothing is to be dialled, nothing is under way, and nobody's answer is waited for.
  public var isSettled: Bool {
    queuedCount == 0 && diallingCount == 0 && awaitedCount == 0 && retries.isEmpty && asks.isEmpty
      && disconnects.isEmpty && lookups.isEmpty
  }

  /// Seconds since the crawl began when the next pass is to begin.
  public var nextPass: Double { pass == 0 ? 0 : passBegan + settings.passInterval }

  /// The connections to ask for addresses now.
  public mutating func takeAsks() -> [UInt32] {
    defer { asks = [] }
    return asks
  }

  /// The connections to close now.
  public mutating func takeDisconnects() -> [UInt32] {
    defer { disconnects = [] }
    return disconnects
  }

  /// Connections that others made, of which `adopt` is to be told what they are.
  public mutating func takeLookups() -> [UInt32] {
    defer { lookups = [] }
    return lookups
  }

  /// What attempts came to since this was last taken.
  public mutating func takeAttempts() -> [CrawlAttempt] {
    defer { attempts = [] }
    return attempts
  }

  /// What was told that is new since this was last taken.
  public mutating func takeTellings() -> [CrawlTelling] {
    defer { tellings = [] }
    return tellings
  }

  /// Nodes of which all is known that this connection shows, since this was last taken.
  public mutating func takeDescribed() -> [CrawledNode] {
    defer { described = [] }
    return described.compactMap { crawled($0) }
  }

  /// A time on the crawl's clock in seconds since the Unix epoch.
  func wall(_ now: Double) -> UInt32 { UInt32(clamping: Int(epoch + now)) }

  /// Moves a candidate from one place to another.
  mutating func move(_ index: UInt32, to place: Candidate.Place) {
    if table[index].place == .queued { queuedCount -= 1 }
    if place == .queued { queuedCount += 1 }
    table[index].place = place
  }

  /// Puts a candidate into the frontier, or higher up where it has become likelier.
  mutating func queue(_ index: UInt32) {
    let candidate = table[index]
    let level = candidate.likelihood
    table[index].level = UInt8(level)
    move(index, to: .queued)
    // What one node alone tells is its own group's turn; what many tell is the turn of the group it is about.
    let isSingular = level >= 5 && candidate.advertiser != Candidate.nobody
    let subject = isSingular ? table[candidate.advertiser].endpoint : candidate.endpoint
    frontier.append(index, level: level, group: hashing.block(subject.address))
  }

  /// Has a candidate dialled in so many seconds.
  mutating func wait(_ index: UInt32, seconds: Double, at now: Double) {
    let due = UInt32(clamping: Int((now + seconds) * 100))
    table[index].due = due
    move(index, to: .waiting)
    agenda.append(index, due: due)
  }

  /// Keeps the count of reachable nodes when a candidate's state changes.
  mutating func setState(_ index: UInt32, _ state: NodeState) {
    let network = table[index].endpoint.address.network
    if table[index].state == .reachable { reachable[network, default: 0] -= 1 }
    if state == .reachable { reachable[network, default: 0] += 1 }
    table[index].state = state
  }
}
