import BitcoinWire

@testable import NodeDatabase

/// A simulated population with known siblings, as a crawler sees it in 30 days.
struct SiblingWorld {
  /// The parameters of the population.
  struct Plan {
    var endpoints = 5000
    var dualHomed = 300
    /// Nodes of one operator: with the same introduction, restarted and upgraded together.
    var fleet = 40
    /// Nodes of one provider, whose failures take all of them down.
    var provider = 200
    /// Pairs of different nodes behind one IPv4 address. The nodes of every other pair are on one machine.
    var sharedHosts = 40
    /// The time between passes of the crawler, in ns; a pass takes ten minutes. Nil if it holds its
    /// connections.
    var passInterval: Int64?
    var seed: UInt64 = 1
  }

  static let day: Int64 = 86_400_000_000_000
  static let end: Int64 = 1_767_225_600_000_000_000
  static let begin = end - 30 * day

  private(set) var candidates: [SiblingCandidate] = []
  private(set) var tellings: [SiblingTelling] = []
  /// The index of each endpoint's node.
  private(set) var nodes: [Int] = []
  private var random: Random
  private let passInterval: Int64?

  /// A node's introduction and absences.
  private struct Life {
    var introduction: SiblingCandidate.Introduction
    var events: [SiblingCandidate.Event] = []
    var lag: Int64 = 0
    /// Absences, in ns since the beginning.
    var pauses: [(from: Int64, until: Int64)] = []
    var upgrade: (time: Int64, former: SiblingCandidate.Introduction)?
  }

  init(_ plan: Plan = Plan()) {
    random = Random(state: plan.seed)
    passInterval = plan.passInterval
    let providerFailures = (0..<3).map { _ in moment() }
    let fleetRestarts = (0..<8).map { _ in moment() }
    let ownFailure = moment()
    var node = 0
    while candidates.count < plan.endpoints {
      var life = life()
      let isDual = node < plan.dualHomed
      let isFleet = !isDual && node < plan.dualHomed + plan.fleet
      let isHosted = !isDual && !isFleet && node < plan.dualHomed + plan.fleet + plan.provider
      if isFleet {
        life.introduction.userAgent = "/Satoshi:30.0.0/"
        life.introduction.services = 0x409
        life.upgrade = nil
        life.pauses += fleetRestarts.map { ($0, $0 + 200_000_000_000) }
      }
      if isHosted { life.pauses += providerFailures.map { ($0, $0 + 900_000_000_000) } }
      // A failure of the observer's own network.
      life.pauses.append((ownFailure, ownFailure + 300_000_000_000))
      let asn = isHosted ? 64_500 : Int64(random.below(400)) * Int64(random.below(400)) / 100
      let networks: [NetworkID]
      if isDual {
        networks =
          [[.ipv4, .ipv6], [.ipv4, .torV3], [.ipv4, .torV3, .i2p], [.ipv6, .torV3]][random.below(4)]
      } else {
        networks = [isFleet || isHosted ? .ipv4 : [.ipv4, .torV3, .torV3, .ipv6, .i2p][random.below(5)]]
      }
      let places = networks.map { add(life, node, $0, asn: asn, flaky: isDual) }
      if isDual, random.below(5) == 0, networks[1] == .ipv6 {
        for place in places { candidates[place].hostname = "node\(node).example.org" }
      }
      if isDual, random.below(4) == 0, networks[1] == .ipv6 { tell(places[0], places[1], isFirst: true) }
      node += 1
    }
    share(plan.sharedHosts)
    gossip()
  }

  /// Moves some nodes to the IPv4 addresses of others, on another port.
  private mutating func share(_ count: Int) {
    let ipv4 = candidates.indices.filter { candidates[$0].endpoint.address.network == .ipv4 }
    for pair in 0..<count {
      let (one, other) = (ipv4[ipv4.count - 1 - 2 * pair], ipv4[ipv4.count - 2 - 2 * pair])
      candidates[other].endpoint = Endpoint(candidates[one].endpoint.address, port: 8433)
      candidates[other].asn = candidates[one].asn
      guard pair % 2 == 0 else { continue }
      // The machine takes both down. Each is also restarted alone.
      candidates[other].introduction = candidates[one].introduction
      let together = candidates[one].events.filter { $0.kind != .upgrade }
      candidates[other].events = together.map { .init($0.kind, at: $0.time + late()) }
      for place in [one, other] {
        for _ in 0..<2 {
          let time = Self.begin + moment()
          candidates[place].events += [.init(.down, at: time), .init(.up, at: time + 60_000_000_000)]
        }
        candidates[place].events.sort { $0.time < $1.time }
      }
    }
  }

  /// Adds relayed advertisements.
  private mutating func gossip() {
    for advertiser in candidates.indices where random.below(3) == 0 {
      for _ in 0..<10 + random.below(40) {
        tell(advertiser, random.below(candidates.count), isFirst: random.below(100) == 0)
      }
    }
    for node in 0..<candidates.count where random.below(4) == 0 {
      let heard = Self.begin + Int64(random.below(1 << 20)) * 1_000_000_000
      for _ in 0..<6 {
        let claimed = random.below(4) == 0 ? heard : heard + Int64(random.below(80_000)) * 1_000_000_000
        let teller = random.below(candidates.count)
        tellings.append(
          SiblingTelling(
            advertiser: teller,
            node: candidates[node].id,
            claimed: claimed,
            isFresh: false,
            isFirst: false
          )
        )
      }
    }
  }

  private mutating func tell(_ advertiser: Int, _ place: Int, isFirst: Bool) {
    guard advertiser != place else { return }
    let time = Self.begin + moment()
    tellings.append(
      SiblingTelling(
        advertiser: advertiser,
        node: candidates[place].id,
        claimed: time,
        isFresh: true,
        isFirst: isFirst
      )
    )
  }

  /// A random time in ns since the beginning.
  private mutating func moment() -> Int64 {
    Int64(random.below(Int(30 * Self.day / 1_000_000_000))) * 1_000_000_000
  }

  /// A random introduction with random events: a few user agents have a fifth of the nodes each, others have
  /// fewer, and one node in twenty has a comment of its own.
  private mutating func life() -> Life {
    let versions = [
      "/Satoshi:30.0.0/", "/Satoshi:30.0.0/", "/Satoshi:29.1.0/", "/Satoshi:29.0.0/", "/Satoshi:28.1.0/",
      "/Satoshi:27.0.0/", "/Satoshi:29.1.0/Knots:20250903/", "/Satoshi:29.2.0/Knots:20251110/",
      "/Satoshi:25.0.0/",
      "/btcd:0.25.0/",
    ]
    let pick = min(random.below(10), random.below(10))
    var agent = versions[pick]
    if random.below(20) == 0 { agent = "/Satoshi:30.0.0(node \(random.below(400)))/" }
    let services: Int64 = [0x409, 0x409, 0x409, 0xc09, 0xc4d, 0x408, 0x44d][random.below(7)]
    var life = Life(introduction: .init(version: 70016, services: services, userAgent: agent))
    if random.below(50) == 0 { life.lag = Int64(3 + random.below(5000)) }
    // A third of the nodes never go away, most do so sometimes, a few every day.
    let pauses = [0, 0, 1, 2, 3, 5, 8, 13, 30][random.below(9)]
    for _ in 0..<pauses {
      let from = moment()
      life.pauses.append((from, from + Int64(60 + random.below(20_000)) * 1_000_000_000))
    }
    if random.below(4) == 0 {
      var former = life.introduction
      former.userAgent = versions[random.below(10)]
      if former != life.introduction { life.upgrade = (moment(), former) }
    }
    return life
  }

  /// Adds an endpoint of a node. Changes are seen up to half a minute late; some endpoints also fail alone.
  private mutating func add(
    _ life: Life,
    _ node: Int,
    _ network: NetworkID,
    asn: Int64,
    flaky: Bool
  ) -> Int {
    let place = candidates.count
    let bytes = (0..<32).map { _ in UInt8(random.below(256)) }
    let size = network == .ipv4 ? 4 : network == .ipv6 ? 16 : 32
    var address = Array(bytes.prefix(size))
    if network == .ipv6 { address[0] = 0x2a }
    if network == .ipv4 { address[0] = 1 + address[0] % 200 }
    var pauses = life.pauses
    if flaky || network != .ipv4 {
      // Its Tor daemon or tunnel fails alone.
      for _ in 0..<random.below(network == .ipv4 ? 2 : 4) {
        let from = moment()
        pauses.append((from, from + 1_800_000_000_000))
      }
    }
    pauses.sort { $0.from < $1.from }
    var events: [SiblingCandidate.Event] = []
    var until: Int64 = 0
    for pause in pauses where pause.from > until + 120_000_000_000 && pause.until < 30 * Self.day {
      until = pause.until
      // Some absences are missed.
      guard random.below(10) > 0 else { continue }
      guard let passInterval else {
        events.append(.init(.down, at: Self.begin + pause.from + late()))
        events.append(.init(.up, at: Self.begin + pause.until + late() * 2))
        continue
      }
      let (from, until) = (pause.from / passInterval + 1, pause.until / passInterval + 1)
      guard from < until else { continue }
      events.append(.init(.down, at: Self.begin + from * passInterval + 20 * late()))
      events.append(.init(.up, at: Self.begin + until * passInterval + 20 * late()))
    }
    if let upgrade = life.upgrade {
      let step = passInterval ?? 1
      let time = Self.begin + (upgrade.time / step + 1) * step + late() * (step > 1 ? 20 : 1)
      events.append(.init(.upgrade, at: time, former: upgrade.former))
    }
    events.sort { $0.time < $1.time }
    let introduced = Self.end - Int64(random.below(7200)) * 1_000_000_000
    var candidate = SiblingCandidate(
      id: Int64(place + 1),
      Endpoint(NetworkAddress(network: network, bytes: address)!, port: network == .i2p ? 0 : 8333),
      life.introduction,
      introduced: introduced,
      firstReached: Self.begin,
      lastReached: Self.end,
      isReachable: true
    )
    candidate.height = 930_000 + (introduced - Self.end) / 600_000_000_000 - life.lag
    if network == .ipv4 || network == .ipv6 { candidate.asn = asn }
    candidate.events = events
    candidates.append(candidate)
    nodes.append(node)
    return place
  }

  private mutating func late() -> Int64 { Int64(random.below(30_000)) * 1_000_000 }

  /// Precision: the share of joined pairs that are right. Recall: the share of true pairs that are found.
  func score(_ groups: [SiblingGroup]) -> (precision: Double, recall: Double) {
    func pairs(_ members: [Int]) -> [(Int, Int)] {
      members.indices.flatMap { i in members[(i + 1)...].map { (members[i], $0) } }
    }
    let found = groups.flatMap { pairs($0.members) }
    let right = found.count { nodes[$0.0] == nodes[$0.1] }
    let truth = Dictionary(grouping: nodes.indices) { nodes[$0] }.values.reduce(0) {
      $0 + $1.count * ($1.count - 1) / 2
    }
    return (Double(right) / Double(max(1, found.count)), Double(right) / Double(truth))
  }
}

/// SplitMix64: the same numbers every time.
struct Random {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// A random number from 0 to `limit` - 1.
  mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
}
