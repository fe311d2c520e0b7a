import BitcoinWire
import Bytes
import LogProtocol
import Observations

/// The records that a reader wants, of a live stream and of files alike: by subscription, time and peers.
public struct RecordCriteria: Equatable, Sendable {
  /// The wanted types, directions, commands, sources and connections.
  public var subscription: Subscription

  /// Whether META records other than gaps are shown.
  public var showsMeta: Bool

  /// Whether META records are asked for by name, rather than shown with all others.
  public var asksForMeta: Bool

  /// The earliest time shown, in ns since the Unix epoch.
  public var start: UInt64 = 0

  /// The first time no longer shown, in ns since the Unix epoch; nil for no end.
  public var end: UInt64?

  /// The peers' addresses to show records of; empty for all.
  public var peers: [AddressRange] = []

  /// Parts of user agents, in lower case, to show records of; empty for all.
  public var userAgents: [String] = []

  /// Creates criteria that show everything.
  public init() {
    subscription = Subscription()
    showsMeta = true
    asksForMeta = false
  }

  /// Whether the choice depends on the peer at the other end of a connection.
  public var asksForPeers: Bool { !peers.isEmpty || !userAgents.isEmpty }

  /// The subscription to send to the log server: the wanted records, and the connection events that identify
  /// peers.
  public var request: Subscription {
    var request = subscription
    if asksForPeers { request.types.insert(.connection) }
    return request
  }

  /// Whether a connection's peer matches.
  public func wants(_ open: OpenConnection) -> Bool {
    if !peers.isEmpty, !peers.contains(where: { $0.contains(open.remote.address) }) { return false }
    if userAgents.isEmpty { return true }
    let agent = String(decoding: open.userAgent, as: UTF8.self).lowercased()
    return userAgents.contains { agent.contains($0) }
  }
}
