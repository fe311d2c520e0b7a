import BitcoinWire
import Bytes
import EventLoop
import Glibc
import Observations

/// Connects nodes to the observer, each from its own address, and again after a failure.
final class ObserverDialler {
  private unowned let simnet: Simnet
  private let target: SocketAddress
  private let count: Int
  private var attempts: [Int: ConnectAttempt] = [:]
  private var due = Schedule<Int>()

  private static let timeout = 10.0

  /// Starts to connect; nil if the settings name no observer.
  init?(_ simnet: Simnet) {
    guard let (endpoint, count) = simnet.settings.dial, case .ipv4(let address) = endpoint.address else {
      return nil
    }
    self.simnet = simnet
    self.count = min(count, simnet.nodes.count)
    target = .ipv4(address, port: endpoint.port)
    for node in 0..<self.count where simnet.settings.part.serves(node) { due.add(node, at: 0) }
    tick(at: simnet.now())
  }

  /// Starts the due connects.
  func tick(at now: UInt64) {
    while let next = due.nextTime, next <= now, let node = due.removeFirst()?.value { dial(node) }
  }

  /// Schedules another connect if a node has lost a session that it opened.
  func sessionEnded(of node: Int, _ direction: Conversation.Direction) {
    if direction == .outbound { dialLater(node) }
  }

  private func dial(_ node: Int) {
    guard simnet.isUp(node) else { return dialLater(node) }
    attempts[node] = ConnectAttempt(
      to: target,
      from: .ipv4(simnet.settings.base + UInt32(node), port: 0),
      timeout: Self.timeout,
      loop: simnet.loop
    ) { [unowned self] result in
      attempts[node] = nil
      switch result {
      case .success(let descriptor) where !simnet.isUp(node):
        Glibc.close(descriptor)
        dialLater(node)
      case .success(let descriptor): simnet.begin(node, descriptor, target, .outbound)
      case .failure(let error):
        simnet.log.debug("\(error)")
        dialLater(node)
      }
    }
  }

  private func dialLater(_ node: Int) {
    due.add(node, at: simnet.now() + UInt64(simnet.settings.redialDelay * 1e9))
  }
}
