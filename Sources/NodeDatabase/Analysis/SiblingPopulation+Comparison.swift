import BitcoinWire
import Glibc

extension SiblingPopulation {
  /// Compares two endpoints. Returns nil if they cannot be one node, or were never reachable at the same
  /// time.
  func compare(_ first: Int, _ second: Int) -> SiblingPair? {
    let (one, other) = (candidates[first], candidates[second])
    let last = min(one.lastReached, other.lastReached)
    guard first != second, max(one.firstReached, other.firstReached) <= last + settings.window else {
      return nil
    }
    let (from, through) = (last - settings.window, last + settings.window)
    guard
      !one.introductions(from: from, through: through)
        .isDisjoint(with: other.introductions(from: from, through: through))
    else { return nil }
    var evidence = [introduction(first, second)]
    let address = address(one, other)
    let hostname = hostname(one, other)
    let isOneHost = address != nil || hostname.map { $0.bits > 0 } ?? false
    evidence += [address, hostname].compactMap { $0 }
    // On one host, the autonomous system adds no evidence.
    if !isOneHost, let asn = system(one, other) { evidence.append(asn) }
    if let height = height(one, other) { evidence.append(height) }
    if let changes = changes(first, second, isOneHost: isOneHost) { evidence.append(changes) }
    if let told = told(first, second) { evidence.append(told) }
    if let tellings = tellings(first, second) { evidence.append(tellings) }
    return SiblingPair(
      first: min(first, second),
      second: max(first, second),
      evidence: evidence,
      prior: prior(one, other)
    )
  }

  /// The binary logarithm of the odds that two endpoints are one node, before any evidence.
  func prior(_ one: SiblingCandidate, _ other: SiblingCandidate) -> Double {
    let isOneNetwork = one.endpoint.address.unmapped.network == other.endpoint.address.unmapped.network
    return log2((isOneNetwork ? settings.sameNetworkShare : settings.siblingShare) / count)
  }

  private func introduction(_ first: Int, _ second: Int) -> SiblingEvidence {
    let said = introductions[first]
    // Different introductions here mean that one was last reached before an upgrade of the other.
    guard said == introductions[second] else { return SiblingEvidence(.introduction, bits: 0) }
    return SiblingEvidence(.introduction, bits: -log2(share(of: byIntroduction[said].count)))
  }

  private func address(_ one: SiblingCandidate, _ other: SiblingCandidate) -> SiblingEvidence? {
    guard let address = Self.hostAddress(one.endpoint.address),
      address == Self.hostAddress(other.endpoint.address)
    else { return nil }
    if one.endpoint.port == other.endpoint.port,
      one.endpoint.address.unmapped == other.endpoint.address.unmapped
    {
      return SiblingEvidence(.sameEndpoint, bits: 2 * log2(count))
    }
    let share = share(of: byAddress[address]?.count ?? 0)
    return SiblingEvidence(.address, bits: log2(settings.sameAddressShare / share))
  }

  private func hostname(_ one: SiblingCandidate, _ other: SiblingCandidate) -> SiblingEvidence? {
    guard let name = one.hostname, let otherName = other.hostname else { return nil }
    guard name == otherName else {
      return SiblingEvidence(.hostname, bits: log2(1 - settings.sameNameShare), for: 0, against: 1)
    }
    let share = share(of: byHostname[name]?.count ?? 0)
    return SiblingEvidence(.hostname, bits: max(0, log2(settings.sameNameShare / share)))
  }

  private func system(_ one: SiblingCandidate, _ other: SiblingCandidate) -> SiblingEvidence? {
    guard let asn = one.asn, let otherASN = other.asn else { return nil }
    let share = share(of: bySystem[asn]?.count ?? 0)
    guard asn == otherASN else {
      let bits = log2((1 - settings.sameSystemShare) / max(0.01, 1 - share))
      return SiblingEvidence(.asn, bits: min(0, bits), for: 0, against: 1)
    }
    return SiblingEvidence(.asn, bits: max(0, log2(settings.sameSystemShare / share)))
  }

  private func height(_ one: SiblingCandidate, _ other: SiblingCandidate) -> SiblingEvidence? {
    guard let height = one.height, let otherHeight = other.height,
      abs(one.introduced - other.introduced) <= settings.window,
      let share = heightShare(one)
    else { return nil }
    if abs(height - otherHeight) <= 2 {
      return SiblingEvidence(.height, bits: max(0, log2(0.999 / share)))
    }
    return SiblingEvidence(.height, bits: min(0, log2(0.001 / max(0.01, 1 - share))), for: 0, against: 1)
  }

  /// Events that both had at about the same time, and events of one while the other was observed.
  private func changes(_ first: Int, _ second: Int, isOneHost: Bool) -> SiblingEvidence? {
    var (bits, together, alone) = (0.0, 0, 0)
    for kind in SiblingCandidate.Event.Kind.allCases {
      let events = candidates[first].events.filter { $0.kind == kind }
      let others = candidates[second].events.filter { $0.kind == kind }
      // All nodes of a host go down with it.
      let weight = isOneHost && kind != .upgrade ? 0.0 : 1
      var (i, j) = (0, 0)
      func differ(_ event: SiblingCandidate.Event, of place: Int, from other: Int) {
        guard isUnlike(event, other) else { return }
        alone += 1
        bits += min(0, log2((1 - settings.togetherShare) / (1 - chance(of: event, to: other))))
      }
      while i < events.count || j < others.count {
        if i < events.count, j < others.count, abs(events[i].time - others[j].time) <= settings.window {
          together += 1
          bits += weight * max(0, log2(settings.togetherShare / chance(of: events[i], first, second)))
          i += 1
          j += 1
        } else if j == others.count || i < events.count && events[i].time < others[j].time {
          differ(events[i], of: first, from: second)
          i += 1
        } else {
          differ(others[j], of: second, from: first)
          j += 1
        }
      }
    }
    guard together + alone > 0 else { return nil }
    return SiblingEvidence(.changes, bits: bits, for: together, against: alone)
  }

  /// Whether the other endpoint would have had the event too if it were the same node, but did not.
  private func isUnlike(_ event: SiblingCandidate.Event, _ other: Int) -> Bool {
    let candidate = candidates[other]
    guard event.time + settings.window <= candidate.lastReached || candidate.isReachable else { return false }
    switch event.kind {
    case .down, .upgrade: return candidate.wasReachable(at: event.time) == true
    case .up: return candidate.wasReachable(at: event.time) == false
    }
  }

  /// Whether one advertised the other as nodes advertise themselves.
  private func told(_ first: Int, _ second: Int) -> SiblingEvidence? {
    var (bits, count) = (0.0, 0)
    for (teller, other) in [(first, second), (second, first)] {
      guard let isFirst = fresh[teller]?[other] else { continue }
      count += 1
      // Later advertisements are mostly relayed.
      let expected = settings.tellingShare * (isFirst ? 1 : 0.5)
      bits += max(0, log2(expected / freshShare(teller, isFirst: isFirst)))
    }
    return count > 0 ? SiblingEvidence(.told, bits: bits, for: count) : nil
  }

  /// Addresses that both advertised.
  private func tellings(_ first: Int, _ second: Int) -> SiblingEvidence? {
    let (mine, others) = (told[first], told[second])
    var (i, j, same, different) = (0, 0, 0, 0)
    while i < mine.count, j < others.count {
      if mine[i].node == others[j].node {
        if mine[i].claimed == others[j].claimed { same += 1 } else { different += 1 }
        i += 1
        j += 1
      } else if mine[i].node < others[j].node {
        i += 1
      } else {
        j += 1
      }
    }
    guard same + different > 0 else { return nil }
    let bits =
      Double(same) * max(0, log2(settings.sameTimeShare / sameTimeRate))
      + Double(different) * min(0, log2((1 - settings.sameTimeShare) / (1 - sameTimeRate)))
    // Neighbours hear the same addresses from the same nodes, so this is never proof.
    return SiblingEvidence(.tellings, bits: min(12, bits), for: same, against: different)
  }
}
