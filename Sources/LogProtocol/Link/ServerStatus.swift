import Bytes
import Observations

/// The log server's status, as sent to a client on request.
///
/// Layout, big-endian: u64 since (ns since the Unix epoch), u32 process id, text version, u64 records and u64
/// bytes forwarded, u64 records and u64 bytes that slow readers missed, u32 readers, u32 archiving readers,
/// u32 count of sources, then the sources.
public struct ServerStatus: Equatable, Sendable {
  /// One live source.
  ///
  /// Layout: u32 id, description as in `SourceDescription`, u64 last sequence number, u64 acknowledged
  /// sequence number, u32 open connections.
  public struct Source: Equatable, Sendable {
    /// The id granted.
    public var id: UInt32
    /// The source's own description.
    public var description: SourceDescription
    /// The last sequence number received.
    public var lastSequence: UInt64
    /// The last sequence number acknowledged to the source.
    public var acknowledged: UInt64
    /// The number of its open connections.
    public var connections: UInt32

    /// Creates the status of a source.
    public init(
      id: UInt32,
      description: SourceDescription,
      lastSequence: UInt64,
      acknowledged: UInt64,
      connections: UInt32
    ) {
      self.id = id
      self.description = description
      self.lastSequence = lastSequence
      self.acknowledged = acknowledged
      self.connections = connections
    }
  }

  /// The time at which the server started, in ns since the Unix epoch.
  public var since: UInt64
  /// The server's process id.
  public var process: UInt32
  /// The server's version.
  public var version: String
  /// Records received from sources.
  public var records: UInt64 = 0
  /// Bytes of these records.
  public var bytes: UInt64 = 0
  /// Records that slow readers missed, counted once for each reader.
  public var missedRecords: UInt64 = 0
  /// Bytes of these records.
  public var missedBytes: UInt64 = 0
  /// Readers connected.
  public var readers: UInt32 = 0
  /// Archiving readers among them.
  public var archivingReaders: UInt32 = 0
  /// The live sources.
  public var sources: [Source] = []

  /// Creates the status of a server that has forwarded nothing yet.
  public init(since: UInt64, process: UInt32, version: String) {
    self.since = since
    self.process = process
    self.version = version
  }

  @_lifetime(reader: copy reader)
  init(_ reader: inout ByteReader) throws(WireError) {
    since = try reader.big("since")
    process = try reader.big("process id")
    version = try reader.text("version")
    records = try reader.big("records")
    bytes = try reader.big("bytes")
    missedRecords = try reader.big("missed records")
    missedBytes = try reader.big("missed bytes")
    readers = try reader.big("readers")
    archivingReaders = try reader.big("archiving readers")
    let count = try reader.big(UInt32.self, "source count")
    for _ in 0..<count {
      sources.append(
        Source(
          id: try reader.big("source"),
          description: try SourceDescription(&reader),
          lastSequence: try reader.big("last sequence"),
          acknowledged: try reader.big("acknowledged"),
          connections: try reader.big("connections")
        )
      )
    }
  }

  func write(to target: inout [UInt8]) {
    target.appendBig(since)
    target.appendBig(process)
    target.appendText(version)
    target.appendBig(records)
    target.appendBig(bytes)
    target.appendBig(missedRecords)
    target.appendBig(missedBytes)
    target.appendBig(readers)
    target.appendBig(archivingReaders)
    target.appendBig(UInt32(sources.count))
    for source in sources {
      target.appendBig(source.id)
      source.description.write(to: &target)
      target.appendBig(source.lastSequence)
      target.appendBig(source.acknowledged)
      target.appendBig(source.connections)
    }
  }
}
