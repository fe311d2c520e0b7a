import BitcoinWire
import Observations
import Store
import Wording

extension NodeStore {
  /// Records observations in the given order, in one transaction. Batches of some thousands cost the least
  /// per observation.
  public func record(_ observations: [Observation]) throws(NodeStoreError) {
    guard !observations.isEmpty else { return }
    try transaction { session in
      var batch = try RecordingBatch(session, observations)
      for observation in observations { batch.take(observation) }
      try batch.write(session)
    }
  }
}

/// The changes of a batch of observations.
private struct RecordingBatch {
  private struct Pair: Hashable {
    let node: Int64
    let advertiser: Int64
  }

  /// The nodes of the batch. `places` has the index of each endpoint.
  private var nodes: [NodeRecord] = []
  private var places: [Endpoint: Int] = [:]
  /// The indices by the endpoints' texts, until all nodes are read.
  private var textPlaces: [String: Int] = [:]
  private var isNew: [Bool] = []
  private var isChanged: [Bool] = []
  /// The number of nodes, at the start of `nodes`, with only the columns for advertisements read.
  private var advertisedCount = 0
  private var changes: [[SQLValue]] = []
  private var attempts: [[SQLValue]] = []
  private var advertisements: [Pair: [SQLValue]] = [:]
  private var changedAdvertisements: Set<Pair> = []
  private var nextNode: Int64
  private var nextChange: Int64

  /// Reads the nodes of all observations.
  init(_ session: any Database, _ observations: [Observation]) throws {
    nextNode = (try session.integer("SELECT max(id) FROM nodes") ?? 0) + 1
    nextChange = (try session.integer("SELECT max(id) FROM changes") ?? 0) + 1
    // An IPv6 and a CJDNS address may have the same text. The database identifies nodes by their text, so
    // they are one node.
    var texts: [Endpoint: String] = [:]
    func text(_ endpoint: Endpoint) -> String {
      if let text = texts[endpoint] { return text }
      let text = "\(endpoint)"
      texts[endpoint] = text
      return text
    }
    // Most endpoints are only advertised: read fewer columns of them.
    var told: [String: Endpoint] = [:]
    var others: [String: Endpoint] = [:]
    for observation in observations {
      guard case .advertisement(let advertisement) = observation else {
        others[text(observation.endpoint)] = observation.endpoint
        continue
      }
      for endpoint in [advertisement.endpoint, advertisement.advertiser ?? advertisement.endpoint] {
        told[text(endpoint)] = endpoint
      }
    }
    for text in others.keys { told[text] = nil }
    try look(up: told, [.id, .firstReached] + NodeColumn.advertised, session)
    advertisedCount = nodes.count
    try look(up: others, NodeColumn.allCases, session)
    for (endpoint, text) in texts { places[endpoint] = textPlaces[text] }
    textPlaces = [:]
    try lookUpAdvertisements(observations, session)
  }

  /// Reads the nodes of endpoints, given by their texts.
  private mutating func look(up texts: [String: Endpoint], _ columns: [NodeColumn], _ session: any Database)
    throws
  {
    guard !texts.isEmpty else { return }
    let begin = nodes.count
    let wanted = texts.enumerated().map { (place: begin + $0, endpoint: $1.value, text: $1.key) }
    try session.write(wanted.map { [.number($0.place), .text($0.text)] }, to: .wanted)
    var known = [NodeRecord?](repeating: nil, count: wanted.count)
    let names = columns.map { "n.\($0.name)" }.joined(separator: ", ")
    try session.forEachRow("SELECT w.place, \(names) FROM wanted w JOIN nodes n ON n.endpoint = w.endpoint") {
      known[Int($0[0].integer ?? 0) - begin] = NodeRecord($0.dropFirst(), of: columns)
      return true
    }
    try session.execute("DELETE FROM wanted")
    for (wanted, node) in zip(wanted, known) {
      textPlaces[wanted.text] = wanted.place
      isNew.append(node == nil)
      isChanged.append(false)
      if let node {
        nodes.append(node)
      } else {
        // Assign an id to a new endpoint; the first observation sets when it was first advertised.
        nodes.append(NodeRecord(id: nextNode, wanted.endpoint, text: wanted.text))
        nextNode += 1
      }
    }
  }

  /// Reads the advertisements of the batch. Those of new endpoints cannot be there.
  private mutating func lookUpAdvertisements(_ observations: [Observation], _ session: any Database) throws {
    var wanted: Set<Pair> = []
    for case .advertisement(let advertisement) in observations {
      guard let node = places[advertisement.endpoint], let advertiser = advertisement.advertiser,
        let teller = places[advertiser]
      else { continue }
      guard !isNew[node], !isNew[teller] else { continue }
      wanted.insert(Pair(node: nodes[node].id, advertiser: nodes[teller].id))
    }
    guard !wanted.isEmpty else { return }
    try session.write(
      wanted.map { [.integer($0.advertiser), .integer($0.node)] },
      to: .wantedAdvertisements
    )
    try session.forEachRow(
      """
      SELECT \(SQLTable.advertisements.columns.map { "a.\($0.name)" }.joined(separator: ", ")) \
      FROM wanted_advertisements w JOIN advertisements a ON a.advertiser = w.advertiser AND a.node = w.node
      """
    ) {
      advertisements[Pair(node: $0[1].integer ?? 0, advertiser: $0[0].integer ?? 0)] = $0
      return true
    }
    try session.execute("DELETE FROM wanted_advertisements")
  }

  mutating func take(_ observation: Observation) {
    let place = places[observation.endpoint]!
    isChanged[place] = true
    // Move the node out and back, so that it is changed in place rather than copied.
    var node = nodes[place]
    nodes[place].values = []
    switch observation {
    case .attempt(let attempt): take(attempt, &node)
    case .advertisement(let advertisement): take(advertisement, &node)
    case .presence(let presence): take(presence, &node)
    case .enrichment(let enrichment): take(enrichment, &node)
    }
    nodes[place] = node
  }

  private mutating func take(_ attempt: Attempt, _ node: inout NodeRecord) {
    let state = attempt.state
    notice(&node, attempt.time)
    let time = SQLValue.number(attempt.time)
    let reason = (attempt.outcome?.words).map { EscapedText.utf8($0.utf8) }
    let cause = SQLValue.optional(attempt.outcome?.causeName)
    let code = SQLValue.optional((attempt.outcome?.code.rawValue).map(UInt64.init))
    attempts.append([
      node[.id], time, .text(state.rawValue), .optional(reason), .optional(attempt.connectDuration),
      .optional(attempt.handshakeDuration), cause, code,
    ])
    // An attempt that failed through our own fault says nothing about the node.
    guard state != .ourFault else { return }
    let last = node[.lastTried].integer
    let age = last.map { Double(max(0, Int64(clamping: attempt.time) - $0)) / 1e9 } ?? Reliability.firstAge
    for window in Reliability.Window.allCases {
      var reliability = node.reliability(window)
      reliability.update(isGood: state == .reachable, age: age, window)
      node.set(reliability, window)
    }
    if node[.firstTried] == .null { node[.firstTried] = time }
    node[.lastTried] = .integer(max(last ?? 0, Int64(clamping: attempt.time)))
    node[.attempts] = .integer((node[.attempts].integer ?? 0) + 1)
    if let duration = attempt.connectDuration { node[.connectDuration] = .number(duration) }
    if state == .reachable {
      if node[.firstReached] == .null { node[.firstReached] = time }
      node[.lastReached] = time
      node[.successes] = .integer((node[.successes].integer ?? 0) + 1)
      node[.failures] = .integer(0)
      node[.handshakeDuration] = .optional(attempt.handshakeDuration)
      node[.reason] = .null
      node[.cause] = .null
      node[.causeCode] = .null
    } else {
      node[.failures] = .integer((node[.failures].integer ?? 0) + 1)
      node[.reason] = .optional(reason)
      node[.cause] = cause
      node[.causeCode] = code
    }
    if let introduction = attempt.introduction { take(introduction, &node, attempt.time) }
    if node[.state] != .text(state.rawValue) {
      change(&node, .state, .text(state.rawValue), attempt.time)
      node[.stateSince] = time
    }
  }

  private mutating func take(_ introduction: PeerIntroduction, _ node: inout NodeRecord, _ time: UInt64) {
    // Services that others advertised are not part of the node's history.
    if node[.version] == .null { node[.services] = .null }
    change(&node, .version, .number(introduction.protocolVersion), time)
    change(&node, .services, Self.services(introduction.services), time)
    change(&node, .userAgent, .text(EscapedText.utf8(introduction.userAgent)), time)
    change(&node, .relay, .integer(introduction.relay ? 1 : 0), time)
    node[.height] = .number(introduction.startHeight)
  }

  private mutating func take(_ advertisement: Advertisement, _ node: inout NodeRecord) {
    let time = SQLValue.number(advertisement.time)
    notice(&node, advertisement.time)
    node[.lastAdvertised] = time
    node[.advertisements] = .integer((node[.advertisements].integer ?? 0) + 1)
    let claimed = advertisement.claimedTime.map { Int64($0) * 1_000_000_000 }
    if let claimed, claimed > node[.claimed].integer ?? 0 { node[.claimed] = .integer(claimed) }
    if let services = advertisement.services, node[.firstReached] == .null {
      node[.services] = Self.services(services)
    }
    guard let advertiser = advertisement.advertiser else { return }
    let id = node.id
    let place = places[advertiser]!
    // The advertiser may be the node itself, whose record is moved out at the moment.
    let isItself = place == places[advertisement.endpoint]
    let teller = isItself ? id : nodes[place].id
    if !isItself, nodes[place][.firstAdvertised] == .null {
      notice(&nodes[place], advertisement.time)
      isChanged[place] = true
    }
    let pair = Pair(node: id, advertiser: teller)
    if var row = advertisements[pair] {
      row[3] = time
      row[4] = .integer((row[4].integer ?? 0) + 1)
      row[5] = .optional(claimed)
      advertisements[pair] = row
    } else {
      let count = node[.advertisers].integer ?? 0
      node[.advertisers] = .integer(count + 1)
      guard count < NodeStore.advertiserLimit else { return }
      advertisements[pair] = [.integer(teller), .integer(id), time, time, .integer(1), .optional(claimed)]
    }
    changedAdvertisements.insert(pair)
  }

  private mutating func take(_ presence: Presence, _ node: inout NodeRecord) {
    notice(&node, presence.time)
    if node[.firstReached] == .null { node[.firstReached] = .number(presence.time) }
    node[.lastReached] = .number(presence.time)
    if let introduction = presence.introduction { take(introduction, &node, presence.time) }
    if let height = presence.height { node[.height] = .number(height) }
    if node[.state] != .text(NodeState.reachable.rawValue) {
      change(&node, .state, .text(NodeState.reachable.rawValue), presence.time)
      node[.stateSince] = .number(presence.time)
    }
  }

  private mutating func take(_ enrichment: EndpointFacts, _ node: inout NodeRecord) {
    notice(&node, enrichment.time)
    for (column, value) in enrichment.changes(to: node) {
      if NodeColumn.historical.contains(column) {
        change(&node, column, value, enrichment.time)
      } else {
        node[column] = value
      }
    }
  }

  /// Sets the time at which the node was first advertised, if it has none.
  private func notice(_ node: inout NodeRecord, _ time: UInt64) {
    guard node[.firstAdvertised] == .null else { return }
    node[.firstAdvertised] = .number(time)
    node[.lastAdvertised] = .number(time)
  }

  /// Sets a column with a history, and adds a change unless the value is the same.
  private mutating func change(
    _ node: inout NodeRecord,
    _ column: NodeColumn,
    _ value: SQLValue,
    _ time: UInt64
  ) {
    guard node[column] != value else { return }
    changes.append([
      .integer(nextChange), .number(time), node[.id], .text(column.name),
      node[column] == .null ? .null : .text(node[column].description),
      value == .null ? .null : .text(value.description),
    ])
    nextChange += 1
    node[column] = value
  }

  private static func services(_ services: ServiceFlags) -> SQLValue {
    .integer(Int64(bitPattern: services.rawValue))
  }

  /// Writes the changes of the batch.
  func write(_ session: any Database) throws {
    let changed = nodes.indices.filter { isChanged[$0] }
    try session.write(changed.filter { isNew[$0] }.map { nodes[$0].values }, to: .nodes)
    // In order of the key, so that neighbouring rows are written together. The same applies below.
    let known = changed.filter { !isNew[$0] }.sorted { nodes[$0].id < nodes[$1].id }
    for (table, places) in [
      (SQLTable.advertisedNodes, known.filter { $0 < advertisedCount }),
      (.knownNodes, known.filter { $0 >= advertisedCount }),
    ] {
      let columns = table.columns.map { NodeColumn(name: $0.name)! }
      try session.update(places.map { place in columns.map { nodes[place][$0] } }, of: table)
    }
    try session.write(changes, to: .changes)
    try session.write(attempts, to: .attempts)
    let pairs = changedAdvertisements.sorted { ($0.advertiser, $0.node) < ($1.advertiser, $1.node) }
    try session.write(pairs.map { advertisements[$0]! }, to: .advertisements)
  }
}
