import BitcoinWire
import Bytes

import Observations
@testable import SimnetCore

/// 2026-01-01 in ns.
let newYear: UInt64 = 1_767_225_600_000_000_000

/// A second in ns.
let second: UInt64 = 1_000_000_000

extension SimnetSettings {
  /// A small, busy network at a port of the system's choice.
  static func small(nodes: Int = 30, seed: UInt64 = 1) -> SimnetSettings {
    var settings = SimnetSettings()
    settings.nodeCount = nodes
    settings.seed = seed
    settings.port = 0
    settings.transactionRate = 20
    settings.blockInterval = 5
    settings.hopDelay = 0.05
    settings.latencyFactor = 0.1
    return settings
  }
}

extension SimulatedNetwork {
  /// A network after some time, and its events.
  static func after(
    _ seconds: UInt64,
    _ settings: SimnetSettings = .small()
  ) -> (SimulatedNetwork, [Event]) {
    var network = SimulatedNetwork(NodeDirectory(settings), start: newYear)
    var events: [Event] = []
    while let next = network.nextTime, next <= newYear + seconds * second {
      events += network.advance(to: newYear + seconds * second)
    }
    return (network, events)
  }
}

extension SimulatedNode {
  /// The first node of a network whose profile satisfies a condition.
  static func first(where isWanted: (NodeProfile) -> Bool = { $0.version == 70016 }) -> SimulatedNode {
    let directory = NodeDirectory(SimnetSettings())
    return (0..<directory.count).lazy.map { SimulatedNode($0, of: directory) }
      .first { isWanted($0.profile) }!
  }
}

extension Conversation {
  /// A new conversation.
  init(
    of node: SimulatedNode = .first { $0.speaksWtxidRelay && $0.speaksAddrV2 },
    _ direction: Direction = .inbound
  ) {
    self.init(
      of: node,
      with: Endpoint(.ipv4(0x7f00_0001), port: 1234),
      direction,
      random: RandomSource(seed: 1, purpose: "test"),
      at: newYear
    )
  }

  /// A conversation after the handshake.
  static func established(
    of node: SimulatedNode = .first { $0.speaksWtxidRelay && $0.speaksAddrV2 },
    _ direction: Direction = .inbound,
    version: VersionMessage = .observer(),
    features: [Message] = [],
    ledger: Ledger = Ledger(nodeCount: 200)
  ) -> Conversation {
    var conversation = Conversation(of: node, direction)
    for message in [.version(version)] + features + [.verack] {
      _ = conversation.receive(message, ledger, at: newYear)
    }
    return conversation
  }

  /// All actions in answer to a message, including the items that are served one at a time.
  mutating func reply(to message: Message, _ ledger: Ledger, at now: UInt64 = newYear) -> [Action] {
    var actions = receive(message, ledger, at: now)
    while let next = serve(ledger) { actions.append(.send(next)) }
    return actions
  }
}

extension [Conversation.Action] {
  /// The messages to send.
  var messages: [Message] {
    compactMap { if case .send(let message) = $0 { message } else { nil } }
  }

  /// Their commands.
  var commands: [Command] { messages.map(\.command) }

  /// The reason for closing the connection; nil if it stays open.
  var closeReason: String? {
    for case .close(let reason) in self { return reason }
    return nil
  }
}

extension VersionMessage {
  /// An observer's version.
  static func observer(version: Int32 = 70016, services: ServiceFlags = [], relay: Bool? = true)
    -> VersionMessage
  {
    VersionMessage(
      version: version,
      services: services,
      time: Int64(newYear / second),
      nonce: 7,
      userAgent: Array("/Netmine:test/".utf8),
      startHeight: 0,
      relay: relay
    )
  }
}
