import BitcoinWire
import JSON

extension TruthLog {
  /// The most arrivals in a line.
  private static let arrivalsPerLine = 5000

  /// Writes whom each node connected to.
  func links(_ topology: Topology, at time: UInt64) {
    for (node, outbound) in topology.outbound.enumerated() {
      line(time, "links") {
        $0.member("node", node)
        $0.member("outbound", outbound)
      }
    }
  }

  /// Writes who has had something since when: how many ns after it was new.
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

  /// Writes that a node went down, or came back.
  func went(down isDown: Bool, _ node: Int, at time: UInt64) {
    line(time, isDown ? "down" : "up") { $0.member("node", node) }
  }

  /// Writes that a node told its neighbours its own address.
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

  /// Writes a line of an event.
  func line(_ time: UInt64, _ event: String, _ content: (inout JSONWriter) -> Void) {
    var json = JSONWriter()
    json.member("time", time)
    json.member("event", event)
    content(&json)
    line(json.finish())
  }
}
