import BitcoinWire

extension SimulatedNetwork {
  /// Schedules the next node failure.
  mutating func planChurn(after time: UInt64) {
    guard settings.churn > 0 else { return }
    occasions.add(.churn, at: time + churn.wait(mean: 60 / settings.churn))
  }

  /// Takes a random node down for a while, unless it is the last one up.
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

  /// Brings a node back, with the blocks that its neighbours have by now.
  ///
  /// It gets missed transactions only in blocks, or when other transactions spend them.
  mutating func regain(_ node: Int, at time: UInt64) {
    isUp[node] = true
    upCount += 1
    events.append(.went(down: false, node: node, time: time))
    // Its connections are new, so it announces its address at once (Core's `MaybeSendAddr`).
    if settings.addressInterval > 0 { tellOwnAddress(of: node, at: time) }
    let neighbours = topology.neighbours[node].filter { isUp[$0] }
    guard let best = neighbours.max(by: { ledger.tip(of: $0) < ledger.tip(of: $1) }) else { return }
    let tip = ledger.tip(of: best)
    guard tip > ledger.tip(of: node) else { return }
    // A new connection takes a handshake, a request for headers and one for blocks: six latencies.
    offer(.block(tip), to: node, at: time + 6 * links.latency(node, best), always: true)
  }

  /// The first node that is up, counting from `node` and wrapping around.
  func firstUp(from node: Int) -> Int {
    var node = node
    while !isUp[node] { node = (node + 1) % settings.nodeCount }
    return node
  }
}
