import BitcoinWire
import Bytes
import EventLoop

extension Simnet {
  /// Number of observers that a node has room for: its slots less its connections to other nodes; 0 if the
  /// node is full.
  func room(at node: Int) -> Int {
    var random = RandomSource(seed: settings.seed, purpose: "full", index: UInt64(node))
    guard !random.happens(percent: settings.fullShare) else { return 0 }
    return max(0, settings.slots - links.topology.neighbours[node].count)
  }

  /// Closes a node's listener and resets its connections, or listens again. A `refused` or `black-hole` node
  /// has no listener: it looks the same to an observer, up or down.
  func went(down isDown: Bool, _ node: Int) {
    if isDown {
      let address = SocketAddress.ipv4(settings.base + UInt32(node), port: settings.port)
      if let index = listeners.firstIndex(where: { $0.address == address }) {
        listeners.remove(at: index).close()
        unlistened.insert(node)
      }
      for session in sessions[node] { session.reset("the node went down") }
      neighbourhood.reset(node, "the node went down")
    } else {
      listenAgain()
    }
  }

  /// Listens again for nodes that have come back. If the system refuses, `tick` retries each second.
  func listenAgain() {
    for node in unlistened where isUp(node) {
      let address = SocketAddress.ipv4(settings.base + UInt32(node), port: settings.port)
      do throws(IOError) {
        let listener = try Listener(on: address, loop: loop) { [unowned self] in
          accept($0, node, from: $1)
        } fail: { [unowned self] in
          log.warning("\($0)")
        }
        listeners.append(listener)
        unlistened.remove(node)
      } catch {
        log.warning("\(error)")
      }
    }
  }
}
