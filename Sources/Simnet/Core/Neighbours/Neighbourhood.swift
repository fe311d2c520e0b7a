import BitcoinWire
import EventLoop
import Observations

/// A network's unpleasant nodes and their connections.
final class Neighbourhood {
  /// The kind of each node; nil for normal nodes.
  let kinds: [Neighbour?]

  private unowned let simnet: Simnet
  private var sessions: [UInt64: NeighbourSession] = [:]
  private var timer: TimerWatcher?
  private var lastTime: UInt64 = 0
  private var due: (messages: Double, bytes: Double) = (0, 0)

  /// Seconds between two checks for due messages.
  private static let interval = 0.05

  /// Creates the neighbourhood of a network.
  init(_ simnet: Simnet, kinds: [Neighbour?]) {
    self.simnet = simnet
    self.kinds = kinds
    timer = TimerWatcher(on: simnet.loop) { [unowned self] in tick() }
  }

  /// The false claims in a node's version; nil if it makes none.
  func disguise(of node: Int) -> Disguise? { Disguise(kinds[node], of: node, seed: simnet.settings.seed) }

  /// Starts a connection of an unpleasant node.
  ///
  /// - Returns: false if the node uses a normal session; then nothing has been done.
  func begin(
    _ number: UInt64,
    _ node: Int,
    _ descriptor: Int32,
    _ direction: Conversation.Direction,
    trail: MessageTrail?
  ) -> Bool {
    guard let kind = kinds[node], !kind.isDisguise else { return false }
    let misbehaviour = Misbehaviour(
      kind,
      of: simnet.nodes[node],
      on: simnet.settings.network,
      direction,
      height: max(0, simnet.ledger.tip(of: node)),
      spam: simnet.settings.spam,
      random: RandomSource(seed: simnet.settings.seed, purpose: "misbehaviour", index: number)
    )
    let session = NeighbourSession(
      number,
      node,
      misbehaviour,
      direction,
      descriptor: descriptor,
      trail: trail,
      simnet: simnet
    )
    sessions[number] = session
    if timer?.isRunning == false {
      lastTime = Clock.monotonic()
      timer?.start(after: Self.interval, every: Self.interval)
    }
    session.open()
    return true
  }

  /// Handles the end of a connection.
  func ended(_ session: NeighbourSession, for reason: String) {
    sessions[session.number] = nil
    simnet.sessionEnded(session.number, of: session.node, session.direction, for: reason)
    if sessions.isEmpty { timer?.cancel() }
  }

  /// Resets the connections of a node that goes down.
  func reset(_ node: Int, _ reason: String) {
    for session in sessions.values.filter({ $0.node == node }) { session.reset(reason) }
  }

  /// Closes all connections.
  func close() {
    timer?.cancel()
    for session in Array(sessions.values) { session.close("the network stopped") }
  }

  private func tick() {
    let now = Clock.monotonic()
    // After a delay of the loop, at most one second's messages are sent: a flood must not come as one wave.
    let seconds = min(Double(now - lastTime) / 1e9, 1)
    lastTime = now
    due.messages += seconds * simnet.settings.neighbourRate
    due.bytes += seconds * simnet.settings.trickleRate
    let (turns, bytes) = (Int(due.messages), Int(due.bytes))
    due.messages -= Double(turns)
    due.bytes -= Double(bytes)
    guard turns > 0 || bytes > 0 else { return }
    for session in Array(sessions.values) {
      for _ in 0..<bytes { session.trickle() }
      for _ in 0..<turns { session.goOn() }
    }
  }
}
