import BitcoinWire

extension Crawl {
  /// Begins a round, in which every connection is asked. A connection that was asked before would not answer again, so it
  /// is closed and dialled again, unless its address has opted out.
  ///
  /// - Parameter reconnectsAll: whether to renew also the connections that this crawl has not asked, as others may have.
  public mutating func beginRound(reconnectsAll: Bool, at now: Double) {
    isRoundOpen = true
    for index in 0..<UInt32(table.count) { table[index].traits.remove(.isRetried) }
    for connection in links.keys.sorted() {
      guard let link = links[connection], isAsked(link), !link.isClosing else { continue }
      if link.askCount > 0 || reconnectsAll {
        // It could not be dialled again.
        guard !settings.isOptedOut(table[link.index].endpoint) else { continue }
        links[connection]?.isClosing = true
        links[connection]?.isRenewed = true
        renewalCount += 1
        disconnects.append(connection)
      } else {
        ask(connection, at: now)
      }
    }
  }

  /// Ends the round. No connection is asked until the next one begins.
  public mutating func endRound() {
    isRoundOpen = false
    repeats = Fifo()
    for connection in links.keys { stopAwaiting(connection) }
  }

  /// Whether every connection asked in this round has answered, and no connection is to be made or renewed.
  public var isRoundSettled: Bool {
    let isFull = links.count + diallingCount + reservedConnections >= settings.connections
    return awaitedCount == 0 && renewalCount == 0 && diallingCount == 0 && (queuedCount == 0 || isFull)
      && repeats.isEmpty && retries.isEmpty && asks.isEmpty && disconnects.isEmpty && lookups.isEmpty
  }

  /// The addresses that were told and not known, since this was last taken.
  public mutating func takeNewAddresses() -> [Endpoint] {
    defer { newAddresses = [] }
    return newAddresses
  }

  /// The address of a connection; nil if the crawl does not know the connection.
  public func endpoint(of connection: UInt32) -> Endpoint? {
    (links[connection]?.index ?? flights[connection]?.index).map { table[$0].endpoint }
  }

  /// Asks the connections again whose pause after an answer is over.
  mutating func askAgain(at now: Double) {
    while let first = repeats.first, first.time <= now {
      _ = repeats.popFirst()
      ask(first.connection, at: now)
    }
  }

  /// Whether rounds ask this connection.
  func isAsked(_ link: Link) -> Bool {
    settings.rounds?.asked?.contains(table[link.index].endpoint) ?? true
  }

  /// Whether a new address is remembered: with many known, only a sample is.
  mutating func isSampled() -> Bool {
    guard let rounds = settings.rounds, table.count >= rounds.sampledFrom else { return true }
    return Double.random(in: 0..<1, using: &random) < rounds.samplingRate
  }
}
