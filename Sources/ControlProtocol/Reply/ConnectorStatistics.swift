import BitcoinWire
import Bytes

/// A connector's state and counters: the reply to `statistics`.
///
/// Layout: the fields in their order, big-endian; counts are u64 unless noted; texts are u16 count, UTF-8.
/// Fields may be added at the end; a reader ignores fields that it does not know.
public struct ConnectorStatistics: Hashable, Sendable {
  /// When the numbers were collected, in ns since the Unix epoch.
  public var time: UInt64 = 0
  /// When the connector started, in ns since the Unix epoch.
  public var since: UInt64 = 0
  /// The connector's process id (u32).
  public var processID: UInt32 = 0
  /// The connector's version (text).
  public var version = ""
  /// The Bitcoin network's name (text).
  public var networkName = ""
  /// The network's magic (u32), the first bytes of its messages, as `Network.magic`.
  public var magic: UInt32 = 0
  /// The source id that the log server granted last (u32); 0 if none yet.
  public var source: UInt32 = 0
  /// The random number that the connector chose at its start, as in the log stream.
  public var instance: UInt64 = 0
  /// Whether the log server accepts its records now (u8, 0 or 1).
  public var isPublishing = false

  /// Outbound connections that the system or a proxy is establishing.
  public var connecting: UInt64 = 0
  /// Connections in the handshake, of either direction.
  public var handshaking: UInt64 = 0
  /// Open connections that we dialled.
  public var openOutbound: UInt64 = 0
  /// Open connections that peers dialled.
  public var openInbound: UInt64 = 0
  /// Connects begun since the start.
  public var connectsBegun: UInt64 = 0
  /// Connects and handshakes that failed since the start.
  public var connectsFailed: UInt64 = 0
  /// Connections accepted since the start.
  public var accepted: UInt64 = 0

  /// Bitcoin messages received since the start.
  public var messagesReceived: UInt64 = 0
  /// Bitcoin messages sent since the start.
  public var messagesSent: UInt64 = 0
  /// Bytes received from peers since the start.
  public var bytesReceived: UInt64 = 0
  /// Bytes sent to peers since the start.
  public var bytesSent: UInt64 = 0

  /// Records published since the start: the last sequence number.
  public var recordsPublished: UInt64 = 0
  /// The sequence number up to which the log server has acknowledged.
  public var recordsAcknowledged: UInt64 = 0
  /// Records that are not acknowledged yet.
  public var recordsWaiting: UInt64 = 0
  /// Bytes of records that have not been written to the log server's socket.
  public var bytesWaiting: UInt64 = 0
  /// Records dropped because too many waited.
  public var recordsDropped: UInt64 = 0

  /// Connected clients.
  public var clients: UInt64 = 0
  /// Messages registered by connected clients.
  public var registeredMessages: UInt64 = 0

  /// Announced transactions and blocks that were requested.
  public var fetchesRequested: UInt64 = 0
  /// Announced transactions and blocks that were received.
  public var fetchesReceived: UInt64 = 0
  /// Announced transactions and blocks that no peer delivered in time.
  public var fetchesFailed: UInt64 = 0
  /// Announced transactions and blocks left out because too many waited.
  public var fetchesLeftOut: UInt64 = 0
  /// Announced transactions and blocks that wait to be requested or received.
  public var fetchesPending: UInt64 = 0

  /// Connects that wait in the queue.
  public var connectsWaiting: UInt64 = 0
  /// Kept connections: open, being made, or waiting to be dialled again.
  public var connectionsKept: UInt64 = 0

  /// The reason why the log server refuses the connector (text); empty if it does not.
  public var refusal = ""

  /// Creates statistics with all counts 0.
  public init() {}
}

extension ConnectorStatistics {
  private static let counts: [WritableKeyPath<ConnectorStatistics, UInt64> & Sendable] = [
    \.connecting, \.handshaking, \.openOutbound, \.openInbound, \.connectsBegun, \.connectsFailed, \.accepted,
    \.messagesReceived, \.messagesSent, \.bytesReceived, \.bytesSent,
    \.recordsPublished, \.recordsAcknowledged, \.recordsWaiting, \.bytesWaiting, \.recordsDropped,
    \.clients, \.registeredMessages,
  ]

  /// Counts that connectors before 0.2 do not send.
  private static let laterCounts: [WritableKeyPath<ConnectorStatistics, UInt64> & Sendable] = [
    \.fetchesRequested, \.fetchesReceived, \.fetchesFailed, \.fetchesLeftOut, \.fetchesPending,
    \.connectsWaiting, \.connectionsKept,
  ]

  @_lifetime(reader: copy reader)
  init(_ reader: inout ByteReader) throws(WireError) {
    time = try reader.big("time")
    since = try reader.big("since")
    processID = try reader.big("process id")
    version = try reader.text("version")
    networkName = try reader.text("network name")
    magic = try reader.big("magic")
    source = try reader.big("source")
    instance = try reader.big("instance")
    isPublishing = try reader.flag("publishing")
    for count in Self.counts { self[keyPath: count] = try reader.big("count") }
    guard reader.remaining > 0 else { return }
    for count in Self.laterCounts { self[keyPath: count] = try reader.big("count") }
    guard reader.remaining > 0 else { return }
    refusal = try reader.text("refusal")
    try reader.skip(reader.remaining, "later fields")
  }

  func write(to bytes: inout [UInt8]) {
    bytes.appendBig(time)
    bytes.appendBig(since)
    bytes.appendBig(processID)
    bytes.appendText(version)
    bytes.appendText(networkName)
    bytes.appendBig(magic)
    bytes.appendBig(source)
    bytes.appendBig(instance)
    bytes.append(isPublishing ? 1 : 0)
    for count in Self.counts + Self.laterCounts { bytes.appendBig(self[keyPath: count]) }
    bytes.appendText(refusal)
  }
}
