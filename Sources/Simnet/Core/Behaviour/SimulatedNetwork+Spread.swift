import BitcoinWire

extension SimulatedNetwork {
  /// Creates an item at a node, from which it spreads.
  mutating func spread(_ item: Ledger.Item, from origin: Int, at time: UInt64) {
    events.append(.invented(item, origin: origin, time: time))
    spreads[item] = Spread(start: time, nodeCount: settings.nodeCount)
    hold(item, at: origin, time)
    settle(item)
  }

  /// Handles the arrival of an item at a node.
  ///
  /// - Parameter again: whether the node has already asked for the transaction's parents.
  mutating func arrive(_ item: Ledger.Item, at node: Int, _ time: UInt64, again: Bool) {
    spreads[item]?.pending -= 1
    if isUp[node], !ledger.has(item, at: node) {
      switch item {
      case .block: hold(item, at: node, time)
      case .transaction(let number): consider(number, at: node, time, again: again)
      }
    }
    settle(item)
  }

  /// Decides about a transaction that another node has sent.
  private mutating func consider(_ number: Int, at node: Int, _ time: UInt64, again: Bool) {
    guard let entry = ledger.entry(number) else { return }
    if let height = entry.height {
      // The transaction is in a block. A node with the block does not need it, and all others accept it.
      if ledger.tip(of: node) < height { hold(.transaction(number), at: node, time) }
      return
    }
    switch ledger.verdict(on: entry.transaction, txid: entry.txid, at: node) {
    case .accepted: hold(.transaction(number), at: node, time)
    case .conflicting:
      spreads[.transaction(number)]?.isRefused = true
      refuse(entry.transaction, at: node, time)
    case .orphaned(let parents):
      guard !again else { return ledger.orphans.add(entry.transaction, at: node) }
      // Ask the sender for the parents: it has them.
      for parent in parents {
        guard let parent = ledger.number(txid: parent) else { continue }
        offer(.transaction(parent), to: node, at: time + Self.parentDelay, always: true, again: true)
      }
      offer(.transaction(number), to: node, at: time + Self.parentDelay + 1, always: true, again: true)
    }
  }

  /// Time in ns to request a transaction's parents and receive them.
  private static let parentDelay: UInt64 = 200_000_000

  mutating func refuse(_ transaction: Transaction, at node: Int, _ time: UInt64) {
    ledger.refuse(transaction, at: node)
    events.append(.refused(txid: transaction.txid, node: node, time: time))
  }

  /// Gives an item to a node, offers it to the neighbours, and reconsiders the transactions held back for it.
  mutating func hold(_ item: Ledger.Item, at node: Int, _ time: UInt64) {
    if case .block(let height) = item {
      // The missing blocks below this one come with it.
      let tip = ledger.tip(of: node)
      for missing in tip + 1..<max(height, tip + 1) { keep(.block(missing), at: node, time) }
    }
    keep(item, at: node, time)
    offerOn(item, from: node, time)
    guard case .transaction(let number) = item, let txid = ledger.entry(number)?.txid else { return }
    for orphan in ledger.orphans.release(for: txid, at: node) { receive(orphan, at: node, time) }
  }

  private mutating func keep(_ item: Ledger.Item, at node: Int, _ time: UInt64) {
    ledger.give(item, to: node)
    events.append(.learned(item, node: node, time: time))
    if let start = spreads[item]?.start {
      spreads[item]?.arrivals.append(Arrival(node: UInt32(node), after: time - start))
    }
  }

  private mutating func offerOn(_ item: Ledger.Item, from node: Int, _ time: UInt64) {
    switch item {
    case .transaction(let number):
      var offers: [(node: Int, time: UInt64)] = []
      guard let holders = ledger.entry(number)?.holders else { return }
      links.forEachTransactionArrival(from: node, at: time, unless: { holders.contains($0) }) {
        offers.append(($0, $1))
      }
      for (neighbour, time) in offers { offer(item, to: neighbour, at: time) }
    case .block(let height):
      for neighbour in topology.neighbours[node] where ledger.tip(of: neighbour) < height {
        offer(
          item,
          to: neighbour,
          at: links.blockArrival(from: node, to: neighbour, at: time, height: height)
        )
      }
    }
  }

  /// Schedules the arrival of an item at a node, unless an earlier one is scheduled.
  ///
  /// - Parameter always: whether to schedule it in any case.
  mutating func offer(
    _ item: Ledger.Item,
    to node: Int,
    at time: UInt64,
    always: Bool = false,
    again: Bool = false
  ) {
    guard spreads[item]?.improves(node, at: time) ?? false || always else { return }
    spreads[item]?.pending += 1
    occasions.add(.offer(item, to: node, again: again), at: time)
  }

  /// Reports an item as settled once no offer is pending. The network may then spend its outputs.
  private mutating func settle(_ item: Ledger.Item) {
    guard let spread = spreads[item], spread.pending == 0 else { return }
    spreads[item] = nil
    events.append(.settled(item, start: spread.start, arrivals: spread.arrivals))
    guard !spread.isRefused, case .transaction(let number) = item, let entry = ledger.entry(number),
      !entry.isForeign
    else { return }
    ledger.coins.formUnion(inventor.add(entry.transaction, txid: entry.txid))
  }
}
