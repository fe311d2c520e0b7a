import BitcoinWire

extension Crawl {
  /// A candidate to dial.
  public struct Dial: Sendable {
    /// The address and port.
    public let endpoint: Endpoint
    let index: UInt32
  }

  /// Begins the next pass: every node that was reached and is not connected is queued again.
  public mutating func beginPass(at now: Double) {
    pass += 1
    passBegan = now
    retries = []
    for index in 0..<UInt32(table.count) {
      table[index].traits.remove(.isRetried)
      guard pass > 1, table[index].traits.contains(.everReached), table[index].state != .ourselves else {
        continue
      }
      if table[index].place == .idle || table[index].place == .waiting && !settings.holds { queue(index) }
    }
  }

  /// Advances the clock: queues candidates that are due, and gives up dials and answers that take too long.
  public mutating func advance(to now: Double) {
    let due = UInt32(clamping: Int(now * 100))
    while let index = agenda.popFirst(dueBy: due) {
      guard table[index].place == .waiting, table[index].due <= due else { continue }
      retries.remove(index)
      queue(index)
    }
    for kind in connectDeadlines.indices {
      while let first = connectDeadlines[kind].first, first.time <= now {
        _ = connectDeadlines[kind].popFirst()
        guard let flight = flights[first.connection], flight.connectDuration == nil, !flight.isGivenUp else {
          continue
        }
        if isConnectorBusy {
          connectDeadlines[kind].append((first.connection, now + connectTimeout(kind)))
        } else {
          flights[first.connection]?.isGivenUp = true
          disconnects.append(first.connection)
        }
      }
    }
    settleAnswers(at: now)
    askAgain(at: now)
    for kind in answerDeadlines.indices {
      while let first = answerDeadlines[kind].first, first.time <= now {
        _ = answerDeadlines[kind].popFirst()
        guard let link = links[first.connection], link.isAwaited else { continue }
        if link.settlesAt == nil { nodes[link.index]?.isSilent = true }
        stopAwaiting(first.connection)
      }
    }
  }

  /// The candidates to dial now, the likeliest first. Report the result with `begun` or `refused`.
  ///
  /// - Parameter limit: the most candidates to return.
  public mutating func nextDials(limit: Int, at now: Double) -> [Dial] {
    saved = min(max(1, settings.rate / 4), saved + (now - savedAt) * settings.rate)
    savedAt = now
    guard now >= pausedUntil else { return [] }
    let room = min(
      limit,
      Int(saved),
      settings.inFlight - diallingCount,
      settings.connections - links.count - diallingCount - reservedConnections
    )
    var dials: [Dial] = []
    while dials.count < room, let (index, level) = frontier.popFirst() {
      let candidate = table[index]
      // The entry is out of date: the candidate was dialled, moved up or replaced.
      guard candidate.place == .queued, Int(candidate.level) == level else { continue }
      // Another client may have connected to an address that the crawl must not dial.
      guard candidate.traits.contains(.isRenewed) || settings.admits(candidate.endpoint) else {
        move(index, to: .idle)
        continue
      }
      if level == 5, candidate.advertiser != Candidate.nobody,
        nodes[candidate.advertiser]?.isNonsensical == true
      {
        table[index].traits.insert(.isUnlikely)
        queue(index)
        continue
      }
      let rest = Double(candidate.lastTried) + settings.targetInterval - epoch - now
      if candidate.lastTried > 0, rest > 0 {
        retries.insert(index)
        wait(index, seconds: rest, at: now)
        continue
      }
      move(index, to: .inFlight)
      table[index].traits.remove(.isRenewed)
      table[index].lastTried = wall(now)
      uncount(index)
      dials.append(Dial(endpoint: candidate.endpoint, index: index))
    }
    saved -= Double(dials.count)
    diallingCount += dials.count
    counts.dials += dials.count
    return dials
  }

  /// The connector has begun dials, with these connection ids in the same order.
  public mutating func begun(_ dials: [Dial], as connections: [UInt32], at now: Double) {
    for (dial, connection) in zip(dials, connections) {
      flights[connection] = Flight(index: dial.index)
      let kind = timeoutKind(table[dial.index])
      connectDeadlines[kind].append((connection, now + connectTimeout(kind)))
    }
  }

  /// The connector has refused dials: they are tried again a second later.
  public mutating func refused(_ dials: [Dial], at now: Double) {
    diallingCount -= dials.count
    pausedUntil = now + 1
    for dial in dials { queue(dial.index) }
  }

  /// Removes a candidate from its group's quota.
  mutating func uncount(_ index: UInt32) {
    guard table[index].traits.contains(.isCounted) else { return }
    table[index].traits.remove(.isCounted)
    groupCounts[groupSlot(table[index].endpoint.address)] -= 1
  }

  /// The slot in which an address's group is counted. Groups with the same slot share a quota.
  func groupSlot(_ address: NetworkAddress) -> Int { Int(hashing.block(address) >> 16 & 0xffff) }

  private func timeoutKind(_ candidate: Candidate) -> Int {
    let network = candidate.endpoint.address.network
    if network == .torV3 || network == .i2p { return 2 }
    return candidate.traits.contains(.everReached) ? 1 : 0
  }

  private func connectTimeout(_ kind: Int) -> Double {
    [settings.firstTimeout, settings.connectTimeout, settings.proxyTimeout][kind]
  }
}
