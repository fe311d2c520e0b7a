import BitcoinWire

extension Simnet {
  /// Relays an address that a node has heard to those of its observers that `RelayTurn` selects.
  func passOn(_ known: KnownNode, from node: Int, at time: UInt64) {
    guard !sessions[node].isEmpty else { return }
    let turn = links.turn(of: known.endpoint, at: node, on: nodes[node].network, time: time)
    for session in sessions[node]
    where turn.includes(1 << 32 | session.number, among: links.topology.neighbours[node]) {
      session.hear(known)
    }
  }
}
