import BitcoinWire

/// What is known of a network's addresses, whom to ask for more, and whom to connect to, and when.
///
/// Nothing in it waits or sends: time is passed in, in seconds on a clock that never steps.
struct Harvest {
  /// How it is done.
  struct Settings {
    /// How often a connection is asked in a round.
    var askLimit = 1
    /// Seconds from an answer until the same connection is asked again.
    var askPause = 10.0
    /// The probability that an address of an answer is looked at further; while fewer than `sampledFrom` are known,
    /// each is.
    var samplingRate = 1.0
    /// From how many known addresses on they are sampled.
    var sampledFrom = 1000
    /// Whether addresses of this machine are dialled, and no others: on networks that are nowhere else.
    var dialsLoopback = false
    /// Whether any address is dialled.
    var dials = true
    /// The most connections that are tried at a time.
    var dialLimit = 100
  }

  /// What an answer brought.
  struct Yield: Hashable {
    /// How many addresses it has.
    let count: Int
    /// Those that were not known, and were sampled.
    let new: [Endpoint]
  }

  private struct Place {
    var backoff = Backoff()
    var nextAttempt: Double?
    var connection: UInt32?
    var isDialling = false
    /// Whether it was learnt here, and not connected to since.
    var isNew = false
  }

  private struct Asked {
    var endpoint: Endpoint
    var isAsked: Bool
    var askCount = 0
    var isAnswered = false
    var wasAskedBefore = false
    var nextAsk: Double?
  }

  private let settings: Settings
  private var random: any RandomNumberGenerator
  private var places: [Endpoint: Place] = [:]
  private var connections: [UInt32: Asked] = [:]
  private var retired: Set<UInt32> = []
  private var dialling = 0
  private var isActive = false

  /// How many addresses were told in all, those told before too.
  private(set) var toldCount = 0
  /// How many new ones were sampled.
  private(set) var newCount = 0
  /// How many asks went out.
  private(set) var askCount = 0
  /// How many connections have answered, each counted once a round.
  private(set) var answerCount = 0
  /// How many attempts to connect there were.
  private(set) var dialCount = 0
  /// How many of the new addresses were connected to.
  private(set) var reachedCount = 0

  /// Begins knowing nothing.
  init(_ settings: Settings, random: any RandomNumberGenerator = SystemRandomNumberGenerator()) {
    self.settings = settings
    self.random = random
  }

  /// How many addresses are known.
  var knownCount: Int { places.count }

  /// How many connections there are.
  var connectionCount: Int { connections.count }

  // MARK: Connections

  /// A connection stands: asks it soon where a round is under way. Does nothing where that is known.
  ///
  /// - Parameters:
  ///   - isOutbound: whether we opened it: nodes do not answer those whom they connected to.
  ///   - isAsked: whether it is one to be asked at all.
  mutating func opened(
    _ id: UInt32,
    _ endpoint: Endpoint,
    isOutbound: Bool,
    isAsked: Bool = true,
    at now: Double
  ) {
    guard connections[id] == nil else { return }
    let nextAsk = isActive && isOutbound && isAsked ? now : nil
    connections[id] = Asked(endpoint: endpoint, isAsked: isOutbound && isAsked, nextAsk: nextAsk)
    guard isOutbound else { return }
    if places[endpoint]?.isDialling == true { dialling -= 1 }
    if places[endpoint]?.isNew == true { reachedCount += 1 }
    places[endpoint, default: Place()].connection = id
    places[endpoint]?.isDialling = false
    places[endpoint]?.isNew = false
    places[endpoint]?.nextAttempt = nil
  }

  /// A connection is gone, or an attempt to make one has failed; it is tried again later.
  mutating func closed(_ id: UInt32?, _ endpoint: Endpoint, at now: Double) {
    // That the old connection is closed says nothing of the new one.
    if let id, retired.remove(id) != nil { return }
    if let id { connections[id] = nil }
    guard var place = places[endpoint] else { return }
    if place.isDialling { dialling -= 1 }
    guard place.isDialling || place.connection == id else { return }
    place.isDialling = false
    place.connection = nil
    place.nextAttempt = settings.dials ? now + place.backoff.delay(&random) : nil
    places[endpoint] = place
  }

  /// A while has passed: connections that stand are forgiven one failure. To be called every ten seconds or so.
  mutating func forgive() {
    for endpoint in places.keys where places[endpoint]?.connection != nil {
      places[endpoint]?.backoff.stand()
    }
  }

  // MARK: Rounds

  /// A round begins: every connection is to be asked anew.
  ///
  /// - Parameter reconnectsAll: whether also those that this harvest has not asked may have been asked by others.
  /// - Returns: the connections that have been asked before and will not answer again: to be closed and dialled
  ///   again, which `redialled` then tells of.
  mutating func begin(reconnectsAll: Bool, at now: Double) -> [UInt32] {
    isActive = true
    var spent: [UInt32] = []
    for (id, connection) in connections where connection.isAsked {
      if connection.askCount > 0 || reconnectsAll {
        spent.append(id)
      } else {
        connections[id]?.nextAsk = now
      }
    }
    return spent.sorted()
  }

  /// The round is over: nobody else is asked until the next.
  mutating func end() {
    isActive = false
    for (id, connection) in connections {
      var connection = connection
      connection.nextAsk = nil
      connection.isAnswered = false
      connection.wasAskedBefore = connection.askCount > 0
      connections[id] = connection
    }
  }

  /// A connection is about to be closed and dialled again; returns where.
  mutating func redialled(_ id: UInt32) -> Endpoint? {
    guard let endpoint = connections.removeValue(forKey: id)?.endpoint else { return nil }
    retired.insert(id)
    places[endpoint, default: Place()].connection = nil
    places[endpoint]?.nextAttempt = nil
    return endpoint
  }

  /// The connections to ask now, ascending.
  mutating func nextAsks(at now: Double) -> [UInt32] {
    let due = connections.filter { $0.value.nextAsk.map { $0 <= now } ?? false }.keys.sorted()
    for id in due {
      connections[id]?.nextAsk = nil
      connections[id]?.askCount += 1
      connections[id]?.isAnswered = false
    }
    askCount += due.count
    return due
  }

  /// Whether everybody who was asked in this round has answered, and nobody else is to be asked.
  var isSettled: Bool {
    connections.values.allSatisfy { $0.nextAsk == nil && (!isWaiting($0) || $0.isAnswered) }
  }

  /// Whether nothing is being connected to.
  var isIdle: Bool { dialling == 0 }

  /// The other end of a connection.
  func endpoint(of id: UInt32) -> Endpoint? { connections[id]?.endpoint }

  private func isWaiting(_ connection: Asked) -> Bool {
    connection.askCount > 0 && !connection.wasAskedBefore
  }

  /// A connection has told addresses: a whole answer, or by the way.
  mutating func told(_ nodes: [KnownNode], by id: UInt32, at now: Double) -> Yield {
    toldCount += nodes.count
    var new: [Endpoint] = []
    for node in nodes {
      let endpoint = Endpoint(node.endpoint.address.unmapped, port: node.endpoint.port)
      guard places[endpoint] == nil, isSampled() else { continue }
      var place = Place()
      place.isNew = true
      if settings.dials, isDiallable(endpoint) { place.nextAttempt = now }
      places[endpoint] = place
      new.append(endpoint)
    }
    newCount += new.count
    if var connection = connections[id], connection.askCount > 0, !connection.isAnswered,
      isAnswer(nodes.count)
    {
      connection.isAnswered = true
      answerCount += 1
      if isActive, connection.askCount < settings.askLimit { connection.nextAsk = now + settings.askPause }
      connections[id] = connection
    }
    return Yield(count: nodes.count, new: new)
  }

  /// Whether so many addresses are an answer: nodes also pass a few on that nobody asked for, by tens at most, and in a
  /// small network an answer is no more.
  private func isAnswer(_ count: Int) -> Bool {
    count > 10 || (count > 0 && places.count < settings.sampledFrom)
  }

  // MARK: Dialling

  /// The endpoints to connect to now; each counts as being dialled until it is `opened` or `closed`.
  ///
  /// - Parameter limit: how many at most.
  mutating func nextDials(limit: Int, at now: Double) -> [Endpoint] {
    let room = min(limit, settings.dialLimit - dialling)
    guard room > 0 else { return [] }
    let due = places.filter { $0.value.nextAttempt.map { $0 <= now } ?? false && !$0.value.isDialling }
    let chosen = due.sorted { $0.value.nextAttempt! < $1.value.nextAttempt! }.prefix(room).map(\.key)
    for endpoint in chosen { noteDial(endpoint) }
    dialCount += chosen.count
    return chosen
  }

  /// An endpoint is being dialled.
  mutating func noteDial(_ endpoint: Endpoint) {
    places[endpoint, default: Place()].isDialling = true
    places[endpoint]?.nextAttempt = nil
    places[endpoint]?.backoff.begin()
    dialling += 1
  }

  private mutating func isSampled() -> Bool {
    places.count < settings.sampledFrom || Double.random(in: 0..<1, using: &random) < settings.samplingRate
  }

  private func isDiallable(_ endpoint: Endpoint) -> Bool {
    guard endpoint.port > 0 else { return false }
    return settings.dialsLoopback ? endpoint.address.isLoopback : endpoint.address.isRoutable
  }
}
