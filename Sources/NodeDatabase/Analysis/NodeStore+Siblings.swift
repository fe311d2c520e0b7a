import BitcoinWire
import Observations
import Store

/// The input of a search for siblings.
public struct SiblingInput: Sendable {
  /// The endpoints that were reached lately, the most recently reached first.
  public var candidates: [SiblingCandidate] = []
  /// Their advertisements.
  public var tellings: [SiblingTelling] = []

  /// Creates an empty input.
  public init() {}
}

extension NodeStore {
  /// Finds the groups of endpoints that are probably one node.
  ///
  /// - Parameter now: ns since the Unix epoch; later events are ignored.
  public func siblings(now: UInt64, _ settings: SiblingSettings = SiblingSettings()) throws(NodeStoreError)
    -> (
      candidates: [SiblingCandidate], findings: SiblingSearch.Findings
    )
  {
    let input = try siblingInput(now: now, settings)
    return (input.candidates, SiblingSearch(input.candidates, input.tellings, settings).run())
  }

  /// Reads the input of a search, in one transaction.
  public func siblingInput(now: UInt64, _ settings: SiblingSettings) throws(NodeStoreError) -> SiblingInput {
    let end = Int64(clamping: now)
    let begin = end - settings.span
    return try read { session in
      var input = SiblingInput()
      var places: [Int64: Int] = [:]
      try session.forEachRow(
        """
        SELECT id, endpoint, version, services, user_agent, relay, height, \
        coalesce(last_tried_ns, last_reached_ns), first_reached_ns, last_reached_ns, state, hostname, asn \
        FROM nodes WHERE first_reached_ns <= \(end) AND last_reached_ns >= \(begin) AND version IS NOT NULL \
        ORDER BY last_reached_ns DESC, id LIMIT \(settings.endpointLimit)
        """
      ) { row in
        guard let candidate = Self.candidate(row) else { return true }
        places[candidate.id] = input.candidates.count
        input.candidates.append(candidate)
        return true
      }
      try Self.readEvents(session, from: begin, through: end, settings, places, &input)
      try Self.readTellings(session, from: begin, through: end, settings, places, &input)
      return input
    }
  }

  private static func candidate(_ row: [SQLValue]) -> SiblingCandidate? {
    guard let endpoint = row[1].string.flatMap({ Endpoint($0) }), let last = row[9].integer else {
      return nil
    }
    let introduction = SiblingCandidate.Introduction(
      version: row[2].integer ?? 0,
      services: row[3].integer ?? 0,
      userAgent: row[4].string ?? "",
      relay: row[5].integer.map { $0 != 0 }
    )
    // A node that was later tried in vain gave its introduction when it was last reached, as far as is known.
    let isReachable = row[10].string == NodeState.reachable.rawValue
    var candidate = SiblingCandidate(
      id: row[0].integer ?? 0,
      endpoint,
      introduction,
      introduced: isReachable ? row[7].integer ?? last : last,
      firstReached: row[8].integer ?? last,
      lastReached: last,
      isReachable: isReachable
    )
    candidate.height = row[6].integer
    candidate.hostname = row[11].string
    candidate.asn = row[12].integer
    return candidate
  }

  private static func readEvents(
    _ session: any Database,
    from begin: Int64,
    through end: Int64,
    _ settings: SiblingSettings,
    _ places: [Int64: Int],
    _ input: inout SiblingInput
  ) throws {
    // The newest changes come first, so that the introduction before each change can be reconstructed.
    var said = input.candidates.map(\.introduction)
    let reachable = NodeState.reachable.rawValue
    try session.forEachRow(
      """
      SELECT node, time_ns, field, old, value FROM changes \
      WHERE time_ns >= \(begin) AND time_ns <= \(end) \
      AND field IN ('state', 'version', 'services', 'user_agent', 'relay') AND old IS NOT NULL \
      ORDER BY time_ns DESC, id DESC LIMIT \(settings.rowLimit)
      """
    ) { row in
      guard let place = row[0].integer.flatMap({ places[$0] }), let time = row[1].integer else { return true }
      let (field, old) = (row[2].string ?? "", row[3].string ?? "")
      guard field != "state" else {
        let (was, isNow) = (old == reachable, row[4].string == reachable)
        // The first time that a node is reached is not a return.
        guard was != isNow, was || time > input.candidates[place].firstReached else { return true }
        input.candidates[place].events.append(SiblingCandidate.Event(was ? .down : .up, at: time))
        return true
      }
      switch field {
      case "version": said[place].version = Int64(old) ?? 0
      case "services": said[place].services = Int64(old) ?? 0
      case "user_agent": said[place].userAgent = old
      default: said[place].relay = old != "0"
      }
      let last = input.candidates[place].events.count - 1
      if last >= 0, input.candidates[place].events[last].kind == .upgrade,
        input.candidates[place].events[last].time == time
      {
        input.candidates[place].events[last].former = said[place]
      } else {
        input.candidates[place].events.append(
          SiblingCandidate.Event(.upgrade, at: time, former: said[place])
        )
      }
      return true
    }
    for place in input.candidates.indices { input.candidates[place].events.reverse() }
  }

  private static func readTellings(
    _ session: any Database,
    from begin: Int64,
    through end: Int64,
    _ settings: SiblingSettings,
    _ places: [Int64: Int],
    _ input: inout SiblingInput
  ) throws {
    // Only the node itself, or one that has just heard from it, advertises a time this close to now, in ns.
    let fresh: Int64 = 10_000_000_000
    // Both nodes may have heard of a time within the last hour from the same third node.
    let recent: Int64 = Span.hour
    try session.forEachRow(
      """
      SELECT a.advertiser, a.node, a.claimed_ns, a.first_ns, a.last_ns, n.first_advertised_ns \
      FROM advertisements a JOIN nodes n ON n.id = a.node \
      WHERE a.claimed_ns IS NOT NULL AND a.last_ns >= \(begin) AND a.last_ns <= \(end) \
      AND a.node <> a.advertiser ORDER BY a.last_ns DESC, a.node, a.advertiser LIMIT \(settings.rowLimit)
      """
    ) { row in
      guard let advertiser = row[0].integer.flatMap({ places[$0] }), let node = row[1].integer,
        let claimed = row[2].integer, let last = row[4].integer
      else { return true }
      let age = last - claimed
      let isFresh = abs(age) <= fresh
      guard isFresh ? places[node] != nil : age >= recent else { return true }
      input.tellings.append(
        SiblingTelling(
          advertiser: advertiser,
          node: node,
          claimed: claimed,
          isFresh: isFresh,
          isFirst: row[3] == row[5]
        )
      )
      return true
    }
  }
}
