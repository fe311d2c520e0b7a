import BitcoinWire
import JSON

extension TruthLog {
  /// Most arrivals in one line.
  private static let arrivalsPerLine = 5000

  /// Writes each node's outbound connections.
  func links(_ topology: Topology, at time: UInt64) {
    for (node, outbound) in topology.outbound.enumerated() {
      line(time, "links") {
        $0.member("node", node)
        $0.member("outbound", outbound)
      }
    }
  }

  /// Writes the nodes that an item has reached, each with the ns since its creation.
  func spread(_ item: Ledger.Item, from start: UInt64, _ arrivals: [Arrival], _ ledger: Ledger) {
    let hash: Hash256
    switch item {
    case .transaction(let number):
      guard let entry = ledger.entry(number) else { return }
      hash = entry.txid
    case .block(let height): hash = ledger.hashes[height]
    }
    for first in stride(from: 0, to: arrivals.count, by: Self.arrivalsPerLine) {
      let some = arrivals[first..<min(first + Self.arrivalsPerLine, arrivals.count)]
      line(start, "spread") {
        $0.member("hash", hash.description)
        $0.member("nodes", some.map(\.node))
        $0.member("after", some.map(\.after))
      }
    }
  }

  /// Writes that a node went down or came back.
  func went(down isDown: Bool, _ node: Int, at time: UInt64) {
    line(time, isDown ? "down" : "up") { $0.member("node", node) }
  }

  /// Writes that a node announced its own address to its neighbours.
  func announcedSelf(_ node: SimulatedNode, at time: UInt64) {
    line(time, "address") {
      $0.member("node", node.index)
      $0.member("known_as", node.knownAs.description)
    }
  }

  /// Writes that a node refused a transaction.
  func refused(_ txid: Hash256, by node: Int, at time: UInt64) {
    line(time, "refused") {
      $0.member("hash", txid.description)
      $0.member("node", node)
    }
  }

  /// Writes a line with time, event and the members that `content` adds.
  func line(_ time: UInt64, _ event: String, _ content: (inout JSONWriter) -> Void) {
    var json = JSONWriter()
    json.member("time", time)
    json.member("event", event)
    content(&json)
    line(json.finish())
  }
}
