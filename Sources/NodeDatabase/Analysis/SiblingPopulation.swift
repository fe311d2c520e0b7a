import BitcoinWire
import Glibc

/// The frequencies of traits and events among all candidates, which give evidence its weight.
struct SiblingPopulation {
  let candidates: [SiblingCandidate]
  let tellings: [SiblingTelling]
  let settings: SiblingSettings

  /// The candidates by introduction.
  private(set) var byIntroduction: [[Int]] = []
  /// The index of each candidate's introduction in `byIntroduction`.
  private(set) var introductions: [Int] = []
  private(set) var byAddress: [UInt32: [Int]] = [:]
  private(set) var byHostname: [String: [Int]] = [:]
  private(set) var bySystem: [Int64: [Int]] = [:]

  /// Fresh advertisements: by advertiser, then advertised candidate; whether it was the first for the
  /// candidate.
  private(set) var fresh: [Int: [Int: Bool]] = [:]
  private var freshCounts: [Int: (first: Int, other: Int)] = [:]

  /// The other advertisements of each candidate, ordered by advertised node.
  private(set) var told: [[(node: Int64, claimed: Int64)]]
  /// How often two advertisers of one address give it the same time.
  private(set) var sameTimeRate = 0.5

  private var times: [EventClass: [Int64]] = [:]
  private var heights: [HeightClass: Int] = [:]
  private let eventCounts: [[Int]]

  /// Events that are counted together.
  private enum EventClass: Hashable {
    case all(SiblingCandidate.Event.Kind)
    case system(SiblingCandidate.Event.Kind, Int64)
    case introduction(SiblingCandidate.Event.Kind, Int)
  }

  /// Heights that are counted together; nil stands for all heights of a time.
  private struct HeightClass: Hashable {
    let time: Int64
    let height: Int64?
  }

  var count: Double { Double(max(3, candidates.count)) }

  init(_ candidates: [SiblingCandidate], _ tellings: [SiblingTelling], _ settings: SiblingSettings) {
    self.candidates = candidates
    self.tellings = tellings
    self.settings = settings
    told = [[(node: Int64, claimed: Int64)]](repeating: [], count: candidates.count)
    eventCounts = candidates.map { candidate in
      SiblingCandidate.Event.Kind.allCases.map { kind in candidate.events.count { $0.kind == kind } }
    }
    var numbers: [SiblingCandidate.Introduction: Int] = [:]
    for (index, candidate) in candidates.enumerated() {
      let number = numbers[candidate.introduction] ?? numbers.count
      if number == byIntroduction.count {
        numbers[candidate.introduction] = number
        byIntroduction.append([])
      }
      introductions.append(number)
      byIntroduction[number].append(index)
      if let address = Self.hostAddress(candidate.endpoint.address) {
        byAddress[address, default: []].append(index)
      }
      if let hostname = candidate.hostname { byHostname[hostname, default: []].append(index) }
      if let asn = candidate.asn { bySystem[asn, default: []].append(index) }
      for event in candidate.events {
        times[.all(event.kind), default: []].append(event.time)
        times[.introduction(event.kind, number), default: []].append(event.time)
        if let asn = candidate.asn { times[.system(event.kind, asn), default: []].append(event.time) }
      }
      if let height = candidate.height {
        let time = candidate.introduced / settings.window
        heights[HeightClass(time: time, height: height), default: 0] += 1
        heights[HeightClass(time: time, height: nil), default: 0] += 1
      }
    }
    for key in times.keys { times[key]!.sort() }
    count(tellings)
  }

  /// Sorts the advertisements into fresh ones and others, and computes `sameTimeRate`.
  private mutating func count(_ tellings: [SiblingTelling]) {
    let places = Dictionary(candidates.enumerated().map { ($1.id, $0) }) { first, _ in first }
    for telling in tellings {
      let place = places[telling.node]
      guard place != telling.advertiser else { continue }
      if telling.isFresh {
        guard let place else { continue }
        fresh[telling.advertiser, default: [:]][place] = telling.isFirst
        freshCounts[telling.advertiser, default: (0, 0)].first += telling.isFirst ? 1 : 0
        freshCounts[telling.advertiser, default: (0, 0)].other += telling.isFirst ? 0 : 1
      } else {
        told[telling.advertiser].append((telling.node, telling.claimed))
      }
    }
    for index in told.indices { told[index].sort { $0.node < $1.node } }
    var claims: [Int64: [Int64]] = [:]
    for telling in tellings where !telling.isFresh {
      claims[telling.node, default: []].append(telling.claimed)
    }
    var (same, all) = (0, 0)
    for times in claims.values where times.count > 1 {
      all += times.count * (times.count - 1) / 2
      let counts = Dictionary(times.map { ($0, 1) }, uniquingKeysWith: +)
      for count in counts.values { same += count * (count - 1) / 2 }
    }
    sameTimeRate = (Double(same) + 1) / (Double(all) + 2)
  }

  /// The endpoint's own IPv4 address, or the one inside a mapped or 6to4 address; nil if there is none.
  static func hostAddress(_ address: NetworkAddress) -> UInt32? {
    switch address.unmapped {
    case .ipv4(let address): address
    case .ipv6(let address) where address >> 112 == 0x2002: UInt32(truncatingIfNeeded: address >> 80)
    default: nil
    }
  }

  /// The probability that an endpoint has a trait that `count` endpoints have. The two endpoints in question
  /// are not counted.
  func share(of count: Int) -> Double { (Double(max(0, count - 2)) + 0.5) / self.count }

  /// The probability that an endpoint is among those that `advertiser` advertises as fresh.
  func freshShare(_ advertiser: Int, isFirst: Bool) -> Double {
    let counts = freshCounts[advertiser] ?? (0, 0)
    return (Double(max(0, (isFirst ? counts.first : counts.first + counts.other) - 1)) + 0.5) / count
  }

  /// The share of similar heights (within two blocks) among candidates introduced at about the same time; nil
  /// if the height is unknown.
  func heightShare(_ candidate: SiblingCandidate) -> Double? {
    guard let height = candidate.height else { return nil }
    let time = candidate.introduced / settings.window
    var (like, all) = (0, 0)
    for time in time - 1...time + 1 {
      all += heights[HeightClass(time: time, height: nil)] ?? 0
      for offset: Int64 in -2...2 {
        let (other, overflows) = height.addingReportingOverflow(offset)
        if !overflows { like += heights[HeightClass(time: time, height: other)] ?? 0 }
      }
    }
    return (Double(max(0, like - 2)) + 0.5) / Double(max(1, all - 1))
  }

  /// The probability that an event of this kind happens to another endpoint within the window by chance.
  ///
  /// It is the largest of up to three frequencies: among all endpoints, within the autonomous system if both
  /// are in the same one, and among endpoints with the same introduction if both have it. It is multiplied by
  /// the higher `activity` of the two. So failures of a provider, restarts of an operator's fleet, and daily
  /// events prove little.
  func chance(of event: SiblingCandidate.Event, _ first: Int, _ second: Int) -> Double {
    let (one, other) = (candidates[first], candidates[second])
    let common = (number(.all(event.kind), at: event.time) + 1) / count
    func share(_ key: EventClass, of size: Int) -> Double {
      (number(key, at: event.time) + 20 * common) / (Double(max(0, size - 2)) + 20)
    }
    var chance = common
    if let asn = one.asn, asn == other.asn {
      chance = max(chance, share(.system(event.kind, asn), of: bySystem[asn]?.count ?? 0))
    }
    let said = introductions[first]
    if said == introductions[second] {
      chance = max(chance, share(.introduction(event.kind, said), of: byIntroduction[said].count))
    }
    return min(0.99, chance * max(activity(event.kind, of: first), activity(event.kind, of: second)))
  }

  /// The probability that an event of this kind happens to an endpoint within the window: its frequency among
  /// all endpoints, times the endpoint's `activity`.
  func chance(of event: SiblingCandidate.Event, to place: Int) -> Double {
    min(0.99, commonChance(of: event) * activity(event.kind, of: place))
  }

  /// How many times as often the event happens to an endpoint as on average, at least 1. Rates per time would
  /// mislead, because a crawler that works in passes sees all changes of a pass at once.
  private func activity(_ kind: SiblingCandidate.Event.Kind, of place: Int) -> Double {
    let mean = Double(times[.all(kind)]?.count ?? 0) / count
    return max(1, Double(eventCounts[place][Int(kind.rawValue)] + 1) / (mean + 1))
  }

  /// The probability that an event of this kind happens to any endpoint within the window; a quick estimate.
  func commonChance(of event: SiblingCandidate.Event) -> Double {
    min(0.99, (number(.all(event.kind), at: event.time) + 1) / count)
  }

  /// The number of events within the window around a time, less two for the two endpoints in question.
  private func number(_ key: EventClass, at time: Int64) -> Double {
    guard let times = times[key] else { return 0 }
    let first = Self.place(of: time - settings.window, in: times)
    let last = Self.place(of: time + settings.window + 1, in: times)
    return Double(max(0, last - first - 2))
  }

  /// The number of times before `time`.
  private static func place(of time: Int64, in times: [Int64]) -> Int {
    var (low, high) = (0, times.count)
    while low < high {
      let middle = (low + high) / 2
      if times[middle] < time { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
