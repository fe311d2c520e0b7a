import BitcoinWire

extension SimulatedNetwork {
  /// Plans when the next node goes down.
  mutating func planChurn(after time: UInt64) {
    guard settings.churn > 0 else { return }
    occasions.add(.churn, at: time + churn.wait(mean: 60 / settings.churn))
  }

  /// A node goes down, for a while; none where it would be the last.
  mutating func loseNode(at time: UInt64) {
    planChurn(after: time)
    let node = firstUp(from: Int.random(in: 0..<settings.nodeCount, using: &churn))
    let absence = max(1, churn.wait(mean: settings.downTime))
    guard upCount > 1 else { return }
    isUp[node] = false
    upCount -= 1
    ledger.orphans.forget(at: node)
    events.append(.went(down: true, node: node, time: time))
    occasions.add(.returning(node), at: time + absence)
  }

  /// A node comes back, and gets the blocks that its neighbours have by now.
  ///
  /// Transactions it has missed come to it only where others spend them, or in blocks.
  mutating func regain(_ node: Int, at time: UInt64) {
    isUp[node] = true
    upCount += 1
    events.append(.went(down: false, node: node, time: time))
    // Its connections are new ones, and in these it tells its address at once (Core's `MaybeSendAddr`).
    if settings.addressInterval > 0 { tellOwnAddress(of: node, at: time) }
    let neighbours = topology.neighbours[node].filter { isUp[$0] }
    guard let best = neighbours.max(by: { ledger.tip(of: $0) < ledger.tip(of: $1) }) else { return }
    let tip = ledger.tip(of: best)
    guard tip > ledger.tip(of: node) else { return }
    // Who connects anew shakes hands, asks for headers and then for blocks.
    offer(.block(tip), to: node, at: time + 6 * links.latency(node, best), always: true)
  }

  /// The first node from one on that is up.
  func firstUp(from node: Int) -> Int {
    var node = node
    while !isUp[node] { node = (node + 1) % settings.nodeCount }
    return node
  }
}
