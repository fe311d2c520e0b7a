import BitcoinWire

extension Crawl {
  /// A candidate to dial.
  public struct Dial: Sendable {
    /// The address and port.
    public let endpoint: Endpoint
    let index: UInt32
  }

  /// Begins the next pass: every node that was reached and is not connected is to be dialled again.
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

  /// Time has passed: what was to wait is due, and what takes too long is given up.
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
    askAgain(at: now)
    for kind in answerDeadlines.indices {
      while let first = answerDeadlines[kind].first, first.time <= now {
        _ = answerDeadlines[kind].popFirst()
        guard let link = links[first.connection], link.isAwaited else { continue }
        nodes[link.index]?.isSilent = true
        stopAwaiting(first.connection)
      }
    }
  }

  /// The candidates to dial now, the likeliest first; `begun` or `refused` is told of them next.
  ///
  /// - Parameter limit: how many at most.
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
      // Out of date: it was dialled, moved up or forgotten since.
      guard candidate.place == .queued, Int(candidate.level) == level else { continue }
      // Others may have connected to where the crawl does not.
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

  /// The connector has begun dials, under these ids, in their order.
  public mutating func begun(_ dials: [Dial], as connections: [UInt32], at now: Double) {
    for (dial, connection) in zip(dials, connections) {
      flights[connection] = Flight(index: dial.index)
      let kind = timeoutKind(table[dial.index])
      connectDeadlines[kind].append((connection, now + connectTimeout(kind)))
    }
  }

  /// The connector would not begin dials: they are to be tried again a little later.
  public mutating func refused(_ dials: [Dial], at now: Double) {
    diallingCount -= dials.count
    pausedUntil = now + 1
    for dial in dials { queue(dial.index) }
  }

  /// Frees a candidate's place in its group's quota.
  mutating func uncount(_ index: UInt32) {
    guard table[index].traits.contains(.isCounted) else { return }
    table[index].traits.remove(.isCounted)
    groupCounts[groupSlot(table[index].endpoint.address)] -= 1
  }

  /// Where an address's group is counted; groups that share a slot share their quota.
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
