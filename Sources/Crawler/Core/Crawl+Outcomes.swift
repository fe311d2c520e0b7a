import BitcoinWire
import Observations

extension Crawl {
  /// The TCP connection is made; the handshake follows.
  public mutating func connected(_ connection: UInt32, duration: UInt64) {
    flights[connection]?.connectDuration = duration
  }

  /// A handshake is done.
  public mutating func handshaken(
    _ connection: UInt32,
    _ introduction: PeerIntroduction,
    duration: UInt64,
    at now: Double
  ) {
    guard let flight = flights.removeValue(forKey: connection) else { return }
    diallingCount -= 1
    counts.handshakes += 1
    note(flight, .reachable, nil, introduction, duration, at: now)
    found(flight.index, connection, introduction, duration, isOurs: true, at: now)
    ask(connection, at: now)
  }

  /// Adopts a connection that another client made or that is older than this crawl. It is used, but never
  /// closed.
  public mutating func adopt(
    _ connection: UInt32,
    _ endpoint: Endpoint,
    _ introduction: PeerIntroduction,
    at now: Double
  ) {
    guard links[connection] == nil, flights[connection] == nil else { return }
    let known = table.index(of: endpoint)
    if let known, table[known].place == .inFlight || table[known].place == .connected { return }
    guard let index = known ?? append(endpoint, advertiser: Candidate.nobody, at: now) else { return }
    retries.remove(index)
    uncount(index)
    found(index, connection, introduction, 0, isOurs: false, at: now)
    ask(connection, at: now)
  }

  /// Whether a connection is being made.
  public func isDialling(_ connection: UInt32) -> Bool { flights[connection] != nil }

  /// Whether a connection stands.
  public func isLinked(_ connection: UInt32) -> Bool { links[connection] != nil }

  /// A connection is closed, or an attempt has failed.
  public mutating func ended(_ connection: UInt32, _ outcome: Outcome, at now: Double) {
    if let link = links[connection] {
      let isUnanswered = link.isAwaited && link.settlesAt == nil
      links[connection]?.isClosing = true
      stopAwaiting(connection)
      links[connection] = nil
      // Asked is not answered: the node may answer in its next connection.
      if isUnanswered { nodes[link.index]?.lastAsked = nil }
      // The node was reachable until now.
      table[link.index].lastReached = wall(now)
      move(link.index, to: .idle)
      if link.isRenewed {
        renewalCount -= 1
        table[link.index].traits.insert(.isRenewed)
        queue(link.index)
      } else if settings.holds, !link.isClosing {
        again(link.index, at: now)
      } else if isUnanswered, link.isOurs, !link.isClosing, settings.dialsCandidates,
        !table[link.index].traits.contains(.isRetried)
      {
        retry(link.index, seconds: CrawlSettings.retryDelay, at: now)
      }
      return
    }
    guard let flight = flights.removeValue(forKey: connection) else { return }
    diallingCount -= 1
    let code = outcome.code
    if code == .alreadyConnected {
      // Ask which connection it is. Until the answer comes, the candidate counts as one to retry.
      if case .connection(let other) = outcome.detail { lookups.append(other) }
      return retry(flight.index, seconds: CrawlSettings.retryDelay, at: now)
    }
    let state = flight.isGivenUp ? .timedOut : NodeState(code)
    note(flight, state, flight.isGivenUp ? Outcome(.timedOut) : outcome, nil, nil, at: now)
    if state == .ourFault {
      if code == .outOfDescriptors || code == .outOfPorts || code == .queueFull {
        pausedUntil = now + 1
      }
    } else {
      table[flight.index].failures = min(table[flight.index].failures + 1, 100)
      disprove(flight.index)
    }
    if state == .ourselves { return move(flight.index, to: .idle) }
    let isPromising = state == .full || state == .ourFault || flight.connectDuration != nil
    if isPromising, !table[flight.index].traits.contains(.isRetried), code != .blacklisted,
      code != .noRoute
    {
      return retry(flight.index, seconds: CrawlSettings.retryDelay * jitter(0.5...1.5), at: now)
    }
    again(flight.index, at: now)
  }

  /// Stops waiting for a connection's answer, and closes the connection unless connections are held.
  mutating func stopAwaiting(_ connection: UInt32) {
    guard links[connection]?.isAwaited == true else { return }
    links[connection]?.isAwaited = false
    awaitedCount -= 1
    if let link = links[connection] { described.append(link.index) }
    release(connection)
  }

  /// Closes a connection that is no longer needed.
  private mutating func release(_ connection: UInt32) {
    guard let link = links[connection], link.isOurs, !link.isClosing, !settings.holds else { return }
    links[connection]?.isClosing = true
    disconnects.append(connection)
  }

  private mutating func found(
    _ index: UInt32,
    _ connection: UInt32,
    _ introduction: PeerIntroduction,
    _ duration: UInt64,
    isOurs: Bool,
    at now: Double
  ) {
    move(index, to: .connected)
    setState(index, .reachable)
    table[index].failures = 0
    table[index].lastReached = wall(now)
    table[index].traits.formUnion([.everReached, .isFound])
    let advertiser = table[index].advertiser
    if nodes[index] == nil {
      nodes[index] = FoundNode(introduction, handshakeDuration: duration, at: now)
      if advertiser != Candidate.nobody {
        nodes[advertiser]?.confirm()
        counts.reached += 1
      }
    } else {
      nodes[index]?.introduction = introduction
      if duration > 0 { nodes[index]?.handshakeDuration = duration }
    }
    links[connection] = Link(index: index, isOurs: isOurs)
  }

  /// Asks a connection for addresses, if the node has not been asked recently; in rounds, only while one is open.
  mutating func ask(_ connection: UInt32, at now: Double) {
    guard let link = links[connection], let node = nodes[link.index] else { return }
    if settings.rounds != nil {
      guard isRoundOpen, isAsked(link), !link.isClosing else { return described.append(link.index) }
    } else if let last = node.lastAsked, now - last < settings.askInterval {
      described.append(link.index)
      return release(connection)
    }
    links[connection]?.askCount += 1
    nodes[link.index]?.lastAsked = now
    nodes[link.index]?.allowance += FoundNode.answer
    links[connection]?.isAwaited = true
    links[connection]?.toldCount = 0
    links[connection]?.answerBegan = nil
    links[connection]?.settlesAt = nil
    awaitedCount += 1
    counts.asks += 1
    asks.append(connection)
    // A node answers `getaddr` once per connection. Another client may have asked already, so wait less.
    let isPatient = link.isOurs || settings.rounds != nil
    let seconds = isPatient ? settings.answerTimeout : min(10, settings.answerTimeout)
    answerDeadlines[isPatient ? 0 : 1].append((connection, now + seconds))
  }

  private mutating func note(
    _ flight: Flight,
    _ state: NodeState,
    _ outcome: Outcome?,
    _ introduction: PeerIntroduction?,
    _ duration: UInt64?,
    at now: Double
  ) {
    setState(flight.index, state)
    attempts.append(
      CrawlAttempt(
        endpoint: table[flight.index].endpoint,
        time: epoch + now,
        state: state,
        outcome: outcome,
        connectDuration: flight.connectDuration,
        handshakeDuration: duration,
        introduction: introduction
      )
    )
  }

  /// Lowers the credit of a node that alone advertised an address where no node answers.
  private mutating func disprove(_ index: UInt32) {
    let candidate = table[index]
    guard candidate.failures == 1, candidate.sources.nonzeroBitCount == 1,
      candidate.advertiser != Candidate.nobody, !candidate.traits.contains(.everReached)
    else { return }
    nodes[candidate.advertiser]?.disprove()
  }

  /// Schedules a second attempt in this pass.
  private mutating func retry(_ index: UInt32, seconds: Double, at now: Double) {
    table[index].traits.insert(.isRetried)
    retries.insert(index)
    wait(index, seconds: seconds, at: now)
  }

  /// Schedules the next attempt.
  private mutating func again(_ index: UInt32, at now: Double) {
    let candidate = table[index]
    guard settings.dialsCandidates else { return move(index, to: .idle) }
    if settings.holds, candidate.lastReached > 0 {
      // The longer a node has been away, the later it usually comes back.
      let absence = Double(wall(now)) - Double(candidate.lastReached)
      let limit = absence < CrawlSettings.holdSpan ? CrawlSettings.holdLimit : settings.backoffLimit
      let seconds = min(limit, absence * CrawlSettings.holdShare) * jitter(0.75...1.25)
      return wait(index, seconds: max(settings.targetInterval, seconds), at: now)
    }
    let isFull = settings.holds && candidate.state == .full
    let backoff = isFull ? settings.fullBackoff : settings.failureBackoff
    wait(index, seconds: backoff.seconds(failures: Int(candidate.failures), using: &random), at: now)
  }

  private mutating func jitter(_ range: ClosedRange<Double>) -> Double {
    Double.random(in: range, using: &random)
  }
}
