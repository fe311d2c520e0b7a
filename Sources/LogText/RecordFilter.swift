import BitcoinWire
import Bytes
import LogProtocol
import Observations

/// Which records are shown: the same for a live stream and for files.
public struct RecordFilter: Equatable, Sendable {
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

  /// Whether a record is shown. Gap records of the time asked for always are: they say what is not.
  ///
  /// - Parameters:
  ///   - body: the record's body.
  ///   - open: what is known of the record's connection.
  public func shows(
    _ header: RecordHeader,
    body: UnsafeRawBufferPointer,
    of open: OpenConnection? = nil
  ) -> Bool {
    guard header.time >= start, end.map({ header.time < $0 }) ?? true else { return false }
    if header.type == .meta {
      if showsMeta { return true }
      guard case .gap? = try? MetaBody(body.bytes) else { return false }
      return true
    }
    guard subscription.wants(header, body: body) else { return false }
    guard asksForPeers else { return true }
    return (open ?? Self.connection(header, body)).map(wants) ?? false
  }

  /// Whether records about a connection are shown, as far as its other end decides that.
  public func wants(_ open: OpenConnection) -> Bool {
    if !peers.isEmpty, !peers.contains(where: { $0.contains(open.remote.address) }) { return false }
    if userAgents.isEmpty { return true }
    let agent = String(decoding: open.userAgent, as: UTF8.self).lowercased()
    return userAgents.contains { agent.contains($0) }
  }

  /// What an event tells of a connection that never was open.
  private static func connection(_ header: RecordHeader, _ body: UnsafeRawBufferPointer) -> OpenConnection? {
    guard header.type == .connection, let event = try? ConnectionEvent(body.bytes) else { return nil }
    return OpenConnection(
      direction: event.direction,
      remote: event.remote,
      local: event.local,
      since: header.time,
      peer: event.peer
    )
  }
}

/// Applies a filter to the records of a stream in order, remembering which connections are open where the filter
/// depends on that.
public struct RecordSelector {
  /// The filter.
  public let filter: RecordFilter

  private var table = ConnectionTable()

  /// Begins at the start of a stream.
  public init(_ filter: RecordFilter) { self.filter = filter }

  /// Whether a record is shown; to be asked of every record.
  ///
  /// - Parameter body: the record's body.
  public mutating func shows(_ header: RecordHeader, body: UnsafeRawBufferPointer) -> Bool {
    guard filter.asksForPeers else { return filter.shows(header, body: body) }
    // An event that opens or closes a connection is about that connection too.
    let former = table.connections(of: header.source)[header.connection]
    table.note(header, body: body)
    let open = table.connections(of: header.source)[header.connection]
    return filter.shows(header, body: body, of: open ?? former)
  }
}
