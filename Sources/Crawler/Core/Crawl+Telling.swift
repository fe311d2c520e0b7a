import BitcoinWire

extension Crawl {
  /// Adds addresses named by the operator or a DNS seed, except those that may not be dialled.
  ///
  /// - Returns: the number of addresses that may be dialled.
  @discardableResult
  public mutating func add(_ endpoints: [Endpoint], at now: Double) -> Int {
    var count = 0
    for endpoint in endpoints {
      let endpoint = Endpoint(endpoint.address.unmapped, port: endpoint.port)
      guard settings.admits(endpoint) else {
        counts.inadmissible += 1
        continue
      }
      count += 1
      if let index = table.index(of: endpoint) {
        table[index].traits.insert(.given)
        if table[index].place == .queued || table[index].place == .waiting { queue(index) }
      } else if let index = append(endpoint, advertiser: Candidate.nobody, at: now) {
        table[index].traits.insert(.given)
        queue(index)
      }
    }
    return count
  }

  /// Adds a candidate from earlier crawls. It is queued if it was reached before, never failed or is due;
  /// otherwise it waits until it is due.
  public mutating func add(_ stored: StoredCandidate, at now: Double) {
    guard settings.admits(stored.endpoint), table.index(of: stored.endpoint) == nil,
      let index = append(stored.endpoint, advertiser: Candidate.nobody, at: now)
    else { return }
    table[index].lastHeard = stored.lastHeard
    table[index].lastTried = stored.lastTried
    table[index].lastReached = stored.lastReached
    table[index].failures = stored.failures
    if stored.lastReached > 0 { table[index].traits.insert(.everReached) }
    let pause = settings.failureBackoff.seconds(failures: Int(stored.failures))
    let due = Double(stored.lastTried) + pause - epoch - now
    if stored.lastReached > 0 || stored.failures == 0 || due <= 0 {
      queue(index)
    } else {
      wait(index, seconds: due, at: now)
    }
  }

  /// Handles addresses from a peer, either an answer or gossip.
  ///
  /// - Parameter connection: the peer's connection. An unknown connection counts as a network group of its
  ///   own.
  public mutating func told(_ told: [KnownNode], by connection: UInt32, at now: Double) {
    counts.told += told.count
    let advertiser = links[connection]?.index ?? flights[connection]?.index
    let endpoint = advertiser.map { table[$0].endpoint }
    let taken = advertiser.flatMap { nodes[$0]?.take(told.count, at: now) } ?? min(told.count, 10)
    counts.overQuota += told.count - taken
    let block = endpoint.map { hashing.block($0.address) } ?? CrawlRandom.mixed(UInt64(connection))
    let source = UInt32(1) << UInt32(block >> 40 & 31)
    let isBelieved = advertiser.map { nodes[$0]?.isNonsensical != true } ?? false
    var news: [KnownNode] = []
    for (node, guess) in zip(told, table.guesses(told.prefix(taken)))
    where hear(node, guess, from: advertiser, source: source, isBelieved: isBelieved, at: now) {
      news.append(node)
    }
    if !news.isEmpty { tellings.append(CrawlTelling(advertiser: endpoint, time: epoch + now, nodes: news)) }
    noteAnswer(told.count, by: connection, at: now)
  }

  /// Counts addresses towards the answer of a connection that was asked.
  ///
  /// Nodes also send addresses unasked: their own one, in a message of its own, whatever address they were dialled at, and up
  /// to ten that they heard of. So a message with one address is no answer, and neither are ten addresses or fewer, unless the
  /// network is so small that an answer has no more. An answer may come in several messages: nodes without a limit send
  /// 2,500 addresses as 1000, 1000 and 500. It is complete when no more comes for `CrawlSettings.answerPause`, and in any case
  /// with that many addresses or after `CrawlSettings.answerSpan`: a peer may send addresses without end.
  private mutating func noteAnswer(_ count: Int, by connection: UInt32, at now: Double) {
    guard var link = links[connection], link.isAwaited, count > 1 else { return }
    link.toldCount += count
    guard link.toldCount > CrawlSettings.gossipCount || table.count < CrawlSettings.smallNetwork else {
      return links[connection] = link
    }
    let begin = link.answerBegan ?? now
    if link.answerBegan == nil {
      counts.answers += 1
      nodes[link.index]?.isSilent = false
    }
    let before = nodes[link.index]?.answerCount ?? 0
    nodes[link.index]?.answerCount = max(link.toldCount, before)
    let end = min(now + CrawlSettings.answerPause, begin + CrawlSettings.answerSpan)
    (link.answerBegan, link.settlesAt) = (begin, end)
    links[connection] = link
    if link.toldCount >= Int(FoundNode.answer) {
      settle(connection, at: now)
    } else {
      settling.append((connection, end))
    }
  }

  /// Ends the wait for answers that are complete.
  mutating func settleAnswers(at now: Double) {
    while let first = settling.first, first.time <= now {
      _ = settling.popFirst()
      guard let link = links[first.connection], link.isAwaited, link.settlesAt == first.time else { continue }
      settle(first.connection, at: now)
    }
  }

  /// Ends the wait for one answer, and has the connection asked again if rounds ask more than once.
  private mutating func settle(_ connection: UInt32, at now: Double) {
    stopAwaiting(connection)
    guard let rounds = settings.rounds, let link = links[connection], link.askCount < rounds.askLimit else {
      return
    }
    repeats.append((connection, now + max(0, rounds.askPause - CrawlSettings.answerPause)))
  }

  /// Handles one address; returns whether this advertisement is worth recording.
  ///
  /// - Parameter guess: the index by `CandidateTable.guesses`.
  private mutating func hear(
    _ node: KnownNode,
    _ guess: UInt32,
    from advertiser: UInt32?,
    source: UInt32,
    isBelieved: Bool,
    at now: Double
  ) -> Bool {
    let endpoint = Endpoint(node.endpoint.address.unmapped, port: node.endpoint.port)
    if let index = table.index(of: endpoint, guess: guess) {
      table[index].lastHeard = wall(now)
      var isNew = false
      if let advertiser, index == advertiser {
        isNew = table[index].traits.insert(.selfAnnounced).inserted
      } else if isBelieved {
        isNew =
          table[index].sources & source == 0
          && table[index].sources.nonzeroBitCount < CrawlSettings.sourceLimit
        if let advertiser, table[index].sources & source == 0, table[index].traits.contains(.everReached) {
          nodes[advertiser]?.confirm()
        }
        table[index].sources |= source
      }
      switch table[index].place {
      case .queued where table[index].likelihood < Int(table[index].level): queue(index)
      case .waiting where isBelieved && isBack(table[index], node.time, at: now): hasten(index, at: now)
      case .idle, .queued, .waiting, .inFlight, .connected: break
      }
      return isNew
    }
    guard settings.remembers(endpoint) else {
      counts.inadmissible += 1
      if let advertiser { nodes[advertiser]?.disprove() }
      return false
    }
    guard isSampled() else { return false }
    let slot = groupSlot(endpoint.address)
    guard groupCounts[slot] < settings.groupQuota,
      let index = append(endpoint, advertiser: advertiser ?? Candidate.nobody, at: now)
    else {
      counts.overQuota += 1
      return false
    }
    groupCounts[slot] += 1
    table[index].traits.insert(.isCounted)
    table[index].sources = source
    if !isBelieved || isUnlikely(node.time, at: now) { table[index].traits.insert(.isUnlikely) }
    counts.new += 1
    if settings.rounds != nil { newAddresses.append(endpoint) }
    if settings.dialsCandidates { queue(index) }
    return true
  }

  /// Whether the advertised time is later than the last failed attempt, and within ten minutes of now.
  private func isBack(_ candidate: Candidate, _ time: UInt32, at now: Double) -> Bool {
    // A peer may send any number as a time.
    let (time, now) = (Int(time), Int(wall(now)))
    return time > Int(candidate.lastTried) && time + 600 > now && time < now + 600
  }

  /// Queues a waiting candidate, or shortens its wait to `freshInterval` after the last attempt.
  private mutating func hasten(_ index: UInt32, at now: Double) {
    let seconds = Double(table[index].lastTried) + settings.freshInterval - epoch - now
    guard seconds > 0 else { return queue(index) }
    if Double(table[index].due) > (now + seconds) * 100 { wait(index, seconds: seconds, at: now) }
  }

  /// Whether an advertised time is one that Bitcoin Core rejects (`AddrInfo::IsTerrible`): more than ten
  /// minutes ahead, or more than 30 days ago.
  private func isUnlikely(_ time: UInt32, at now: Double) -> Bool {
    let now = Int(wall(now))
    return Int(time) > now + 600 || Int(time) < now - 30 * 86_400
  }

  /// Adds an unknown candidate; returns nil if there is no room.
  mutating func append(_ endpoint: Endpoint, advertiser: UInt32, at now: Double) -> UInt32? {
    let time = wall(now)
    let candidate = Candidate(endpoint: endpoint, firstHeard: time, lastHeard: time, advertiser: advertiser)
    guard table.count >= settings.candidates else { return table.append(candidate) }
    for _ in 0..<32 {
      let victim = evictionHand
      evictionHand = victim + 1 < UInt32(table.count) ? victim + 1 : 0
      guard table[victim].isExpendable, nodes[victim] == nil else { continue }
      setState(victim, .untried)
      uncount(victim)
      retries.remove(victim)
      move(victim, to: .idle)
      table.replace(victim, with: candidate)
      return victim
    }
    return nil
  }
}
