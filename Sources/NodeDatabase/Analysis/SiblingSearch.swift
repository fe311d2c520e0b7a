import Glibc

/// Finds endpoints that are one node, by their introductions, their changes, their advertisements and their
/// locations.
///
/// Only endpoints that share a rare trait are compared, so that work and memory grow with the number of
/// endpoints and not with its square: at most `blockSize` pairs for each endpoint and trait and for each
/// change, and at most `pairLimit` pairs at once. The same input gives the same result.
public struct SiblingSearch {
  /// The result of a search.
  public struct Findings: Sendable {
    /// The groups, the surest first.
    public var groups: [SiblingGroup] = []
    /// The number of pairs compared.
    public var compared = 0
    /// Groups left out because they have too many endpoints of one network.
    public var fleets = 0
    /// Whether there were more pairs than `pairLimit`.
    public var isCut = false
  }

  private struct Pair: Hashable {
    let first: Int32
    let second: Int32

    init(_ one: Int, _ other: Int) {
      first = Int32(min(one, other))
      second = Int32(max(one, other))
    }
  }

  private let population: SiblingPopulation
  private var settings: SiblingSettings { population.settings }
  private var candidates: [SiblingCandidate] { population.candidates }

  /// Prepares a search.
  ///
  /// - Parameter tellings: advertisements; advertisers are indices among the candidates.
  public init(
    _ candidates: [SiblingCandidate],
    _ tellings: [SiblingTelling] = [],
    _ settings: SiblingSettings = SiblingSettings()
  ) {
    population = SiblingPopulation(candidates, tellings, settings)
  }

  /// Compares two endpoints; returns nil if they cannot be one node.
  public func compare(_ first: Int, _ second: Int) -> SiblingPair? { population.compare(first, second) }

  /// Finds the groups.
  public func run() -> Findings {
    var findings = Findings()
    var found: [SiblingPair] = []
    let pairs = blocked(&findings)
    findings.compared = pairs.count
    for pair in pairs.sorted(by: { ($0.first, $0.second) < ($1.first, $1.second) }) {
      guard let compared = population.compare(Int(pair.first), Int(pair.second)),
        compared.confidence >= settings.threshold
      else { continue }
      found.append(compared)
    }
    found.sort {
      ($1.prior + $1.evidenceBits, $0.first, $0.second) < ($0.prior + $0.evidenceBits, $1.first, $1.second)
    }
    group(found, &findings)
    return findings
  }

  // MARK: Pairs to compare

  /// The pairs that share a rare trait.
  private func blocked(_ findings: inout Findings) -> Set<Pair> {
    var pairs: Set<Pair> = []
    func add(_ one: Int, _ other: Int) {
      guard pairs.count < settings.pairLimit else { return findings.isCut = true }
      if one != other { pairs.insert(Pair(one, other)) }
    }
    func addAll(_ places: [Int]) {
      guard (2...settings.blockSize).contains(places.count) else { return }
      for (index, one) in places.enumerated() {
        for other in places[(index + 1)...] { add(one, other) }
      }
    }
    for places in population.byAddress.values { addAll(places) }
    for places in population.byHostname.values { addAll(places) }
    for (teller, told) in population.fresh where told.count <= settings.blockSize {
      for other in told.keys { add(teller, other) }
    }
    forEachSharedTime { addAll($0) }
    for places in population.byIntroduction where places.count > 1 {
      addAll(places)
      if places.count > settings.blockSize {
        for pair in changedTogether(places, &findings) { add(Int(pair.first), Int(pair.second)) }
      }
    }
    return pairs
  }

  /// Calls `body` with the two advertisers of each address and time that exactly two candidates advertised.
  private func forEachSharedTime(_ body: ([Int]) -> Void) {
    var tellers: [Int64: [(claimed: Int64, advertiser: Int)]] = [:]
    for telling in population.tellings where !telling.isFresh {
      tellers[telling.node, default: []].append((telling.claimed, telling.advertiser))
    }
    for told in tellers.values {
      let claims = Dictionary(grouping: told) { $0.claimed }
      // A time that many know is relayed.
      for same in claims.values where same.count == 2 { body(same.map(\.advertiser)) }
    }
  }

  /// The pairs of a large group with the same introduction that are worth comparing: they changed together
  /// often, or when few others changed.
  private func changedTogether(_ places: [Int], _ findings: inout Findings) -> [Pair] {
    var weights: [Pair: Double] = [:]
    for kind in SiblingCandidate.Event.Kind.allCases {
      var events: [(event: SiblingCandidate.Event, place: Int)] = []
      for place in places {
        for event in candidates[place].events where event.kind == kind { events.append((event, place)) }
      }
      events.sort { ($0.event.time, $0.place) < ($1.event.time, $1.place) }
      for (index, (event, place)) in events.enumerated() {
        let bits = log2(settings.togetherShare / population.commonChance(of: event))
        guard bits >= 1 else { continue }
        let following = events[(index + 1)...].prefix(settings.blockSize)
        for (other, otherPlace) in following {
          guard other.time - event.time <= settings.window else { break }
          guard otherPlace != place else { continue }
          guard weights.count < settings.pairLimit else {
            findings.isCut = true
            continue
          }
          weights[Pair(place, otherPlace), default: 0] += bits
        }
      }
    }
    // Half of the evidence that is needed: other traits may supply the rest.
    let common = -log2(population.share(of: places.count))
    let needed = log2(population.count / settings.siblingShare)
    return weights.filter { $0.value + common >= needed / 2 }.map(\.key)
  }

  // MARK: Groups

  /// Joins pairs, the surest first, unless any two endpoints of the joined group contradict it.
  private func group(_ pairs: [SiblingPair], _ findings: inout Findings) {
    var groups: [Int: [Int]] = [:]
    var links: [Int: [SiblingPair]] = [:]
    var home: [Int: Int] = [:]
    for pair in pairs {
      let (one, other) = (home[pair.first] ?? pair.first, home[pair.second] ?? pair.second)
      if one == other {
        links[one]!.append(pair)
        continue
      }
      let (mine, theirs) = (groups[one] ?? [one], groups[other] ?? [other])
      guard mine.count + theirs.count <= settings.blockSize, agree(mine, theirs, pair) else { continue }
      groups[one] = mine + theirs
      links[one] = (links[one] ?? []) + (links[other] ?? []) + [pair]
      groups[other] = nil
      links[other] = nil
      for place in mine + theirs { home[place] = one }
    }
    for (key, members) in groups {
      guard !isFleet(members) else {
        findings.fleets += 1
        continue
      }
      let links = links[key]!.sorted { ($1.evidenceBits, $0.first) < ($0.evidenceBits, $1.first) }
      let group = SiblingGroup(
        members: members.sorted { Self.rank(candidates[$0]) < Self.rank(candidates[$1]) },
        confidence: links.map(\.confidence).min() ?? 0,
        pairs: links
      )
      findings.groups.append(group)
    }
    findings.groups.sort { ($1.confidence, $0.members[0]) < ($0.confidence, $1.members[0]) }
  }

  private func agree(_ mine: [Int], _ theirs: [Int], _ pair: SiblingPair) -> Bool {
    for one in mine {
      for other in theirs where Pair(one, other) != Pair(pair.first, pair.second) {
        guard let compared = population.compare(one, other), compared.evidenceBits >= 0 else { return false }
      }
    }
    return true
  }

  private func isFleet(_ members: [Int]) -> Bool {
    let networks = Dictionary(grouping: members) { candidates[$0].endpoint.address.unmapped.network }
    return networks.values.contains { $0.count > settings.networkLimit }
  }

  /// The order of members: IPv4, IPv6, others; then reachable ones; then the longest known.
  private static func rank(_ candidate: SiblingCandidate) -> (UInt8, Int, Int64, Int64) {
    let network = candidate.endpoint.address.unmapped.network.rawValue
    return (network, candidate.isReachable ? 0 : 1, candidate.firstReached, candidate.id)
  }
}
