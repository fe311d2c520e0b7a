import BitcoinWire
import Bytes
import LogProtocol
import Observations

/// Which records a reader wants, of a live stream and of files alike: what a subscription says, a time, and peers.
public struct RecordCriteria: Equatable, Sendable {
  /// What is wanted by type, direction, command, source and connection.
  public var subscription: Subscription

  /// Whether META records other than gaps are shown.
  public var showsMeta: Bool

  /// Whether META records are asked for by name, rather than shown with everything else.
  public var asksForMeta: Bool

  /// The time from which on records are shown, in ns since the Unix epoch.
  public var start: UInt64 = 0

  /// The time from which on records are no longer shown, in ns since the Unix epoch; nil for never.
  public var end: UInt64?

  /// The peers that records are shown of; none for all.
  public var peers: [AddressRange] = []

  /// Parts of user agents, in lower case, that records are shown of; none for all.
  public var userAgents: [String] = []

  /// Shows everything.
  public init() {
    subscription = Subscription()
    showsMeta = true
    asksForMeta = false
  }

  /// Whether it depends on who is at a connection's other end.
  public var asksForPeers: Bool { !peers.isEmpty || !userAgents.isEmpty }

  /// What to ask the log server for: what is wanted, and what tells who is at the other end.
  public var request: Subscription {
    var request = subscription
    if asksForPeers { request.types.insert(.connection) }
    return request
  }

  /// Whether records about a connection are shown, as far as its other end decides that.
  public func wants(_ open: OpenConnection) -> Bool {
    if !peers.isEmpty, !peers.contains(where: { $0.contains(open.remote.address) }) { return false }
    if userAgents.isEmpty { return true }
    let agent = String(decoding: open.userAgent, as: UTF8.self).lowercased()
    return userAgents.contains { agent.contains($0) }
  }
}
