import BitcoinWire
import Glibc

/// How common is what endpoints say and what happens to them: what evidence is weighed by.
struct SiblingPopulation {
  let candidates: [SiblingCandidate]
  let tellings: [SiblingTelling]
  let settings: SiblingSettings

  /// The candidates by what they have in common.
  private(set) var byIntroduction: [[Int]] = []
  /// The place of each candidate's introduction in `byIntroduction`.
  private(set) var introductions: [Int] = []
  private(set) var byAddress: [UInt32: [Int]] = [:]
  private(set) var byHostname: [String: [Int]] = [:]
  private(set) var bySystem: [Int64: [Int]] = [:]

  /// Whom each told of as of itself: by the teller, then whom, and whether before everybody else.
  private(set) var fresh: [Int: [Int: Bool]] = [:]
  private var freshCounts: [Int: (first: Int, other: Int)] = [:]

  /// What each told of others, by whom they are.
  private(set) var told: [[(node: Int64, claimed: Int64)]]
  /// How often two that told of one address did so with the same time.
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

  /// Heights that are counted together; all of a time where there is none.
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

  /// Sorts out who told of whom.
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

  /// The IPv4 address that it is or has inside, where that is an interface of the same machine: mapped, 6to4.
  static func hostAddress(_ address: NetworkAddress) -> UInt32? {
    switch address.unmapped {
    case .ipv4(let address): address
    case .ipv6(let address) where address >> 112 == 0x2002: UInt32(truncatingIfNeeded: address >> 80)
    default: nil
    }
  }

  /// How likely it is that some endpoint has what so many have, where two of these are those in question.
  func share(of count: Int) -> Double { (Double(max(0, count - 2)) + 0.5) / self.count }

  /// How likely it is that an endpoint is told of freshly by one that tells so of others too.
  func freshShare(_ advertiser: Int, isFirst: Bool) -> Double {
    let counts = freshCounts[advertiser] ?? (0, 0)
    return (Double(max(0, (isFirst ? counts.first : counts.first + counts.other) - 1)) + 0.5) / count
  }

  /// How many say a height like that, among those that were asked at about that time; nil where it is not known.
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

  /// How likely it is that something of the kind happens to another endpoint within the window around a time, by chance.
  ///
  /// The most of: how often it happened to all then; to those of the same autonomous system, where both are in one; to
  /// those that say the same of themselves, where both do; each as many times as it happens more often to either than to
  /// others. So what befalls a provider, or the fleet of an operator, or happens every day, proves little.
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

  /// How likely it is that something of the kind happens to an endpoint within the window around a time: as often as to
  /// all then, and more often where it often does.
  func chance(of event: SiblingCandidate.Event, to place: Int) -> Double {
    min(0.99, commonChance(of: event) * activity(event.kind, of: place))
  }

  /// How many times as often as to others it happens to an endpoint, at least once. What a crawler sees in passes is seen
  /// all at once: how often per time says nothing.
  private func activity(_ kind: SiblingCandidate.Event.Kind, of place: Int) -> Double {
    let mean = Double(times[.all(kind)]?.count ?? 0) / count
    return max(1, Double(eventCounts[place][Int(kind.rawValue)] + 1) / (mean + 1))
  }

  /// How likely it is that something of the kind happens to any endpoint around a time; a quick guess.
  func commonChance(of event: SiblingCandidate.Event) -> Double {
    min(0.99, (number(.all(event.kind), at: event.time) + 1) / count)
  }

  /// How many events there are within the window around a time, but for those of the two in question.
  private func number(_ key: EventClass, at time: Int64) -> Double {
    guard let times = times[key] else { return 0 }
    let first = Self.place(of: time - settings.window, in: times)
    let last = Self.place(of: time + settings.window + 1, in: times)
    return Double(max(0, last - first - 2))
  }

  /// How many times are before one.
  private static func place(of time: Int64, in times: [Int64]) -> Int {
    var (low, high) = (0, times.count)
    while low < high {
      let middle = (low + high) / 2
      if times[middle] < time { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
