import BitcoinWire
import Bytes

/// How a connector is doing: the reply to `statistics`.
///
/// Layout: the fields in their order, big-endian, whole counts u64 where nothing else is said; texts are u16
/// count, UTF-8. Fields may be added at the end; a reader ignores what it does not know.
public struct ConnectorStatistics: Hashable, Sendable {
  /// When these numbers were true, in ns since the Unix epoch.
  public var time: UInt64 = 0
  /// When the connector was started, in ns since the Unix epoch.
  public var since: UInt64 = 0
  /// Its process id (u32).
  public var processID: UInt32 = 0
  /// Its version (text).
  public var version = ""
  /// The Bitcoin network's name (text).
  public var networkName = ""
  /// What the network's messages begin with (u32), as `Network.magic`.
  public var magic: UInt32 = 0
  /// The id the log server granted it last (u32); 0 for none yet.
  public var source: UInt32 = 0
  /// The random number it chose when it started, as in the log stream.
  public var instance: UInt64 = 0
  /// Whether the log server takes its records now (u8, 0 or 1).
  public var isPublishing = false

  /// Outbound connections the system is still connecting.
  public var connecting: UInt64 = 0
  /// Connected and not yet through the handshake, of either direction.
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

  /// Records made since the start: the last sequence.
  public var recordsPublished: UInt64 = 0
  /// Records that the log server has acknowledged: the sequence up to which.
  public var recordsAcknowledged: UInt64 = 0
  /// Records that are not acknowledged yet.
  public var recordsWaiting: UInt64 = 0
  /// Bytes of records that the log server's socket has not taken yet.
  public var bytesWaiting: UInt64 = 0
  /// Records dropped because too much waited.
  public var recordsDropped: UInt64 = 0

  /// Clients on the control sockets.
  public var clients: UInt64 = 0
  /// Messages that clients have registered.
  public var registeredMessages: UInt64 = 0

  /// Contents of announced things that were asked for.
  public var fetchesRequested: UInt64 = 0
  /// Contents of announced things that came.
  public var fetchesReceived: UInt64 = 0
  /// Announced things that no peer had in time.
  public var fetchesFailed: UInt64 = 0
  /// Announced things left out because too many waited.
  public var fetchesLeftOut: UInt64 = 0
  /// Announced things that wait to be asked for, or to come.
  public var fetchesPending: UInt64 = 0

  /// Connects that wait until they may begin.
  public var connectsWaiting: UInt64 = 0
  /// Connections that are kept: open, being made, or to be dialled again.
  public var connectionsKept: UInt64 = 0

  /// Why the log server refuses it (text); empty while it does not.
  public var refusal = ""

  /// Creates statistics of nothing.
  public init() {}
}

extension ConnectorStatistics {
  private static let counts: [WritableKeyPath<ConnectorStatistics, UInt64> & Sendable] = [
    \.connecting, \.handshaking, \.openOutbound, \.openInbound, \.connectsBegun, \.connectsFailed, \.accepted,
    \.messagesReceived, \.messagesSent, \.bytesReceived, \.bytesSent,
    \.recordsPublished, \.recordsAcknowledged, \.recordsWaiting, \.bytesWaiting, \.recordsDropped,
    \.clients, \.registeredMessages,
  ]

  /// Those that connectors before version 0.2 do not tell.
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
