import BitcoinWire
import Bytes
import LogProtocol
import Observations

/// Counts of records, messages and bytes in log files, by type, command, source and connection.
struct LogStatistics {
  /// Totals of a group of records.
  struct Sums {
    /// Records.
    var records: UInt64 = 0
    /// Bytes of the records, headers included.
    var bytes: UInt64 = 0
    /// Messages received.
    var received: UInt64 = 0
    /// Bytes of the messages received, headers included.
    var receivedBytes: UInt64 = 0
    /// Messages sent.
    var sent: UInt64 = 0
    /// Bytes of the messages sent, headers included.
    var sentBytes: UInt64 = 0
    /// The earliest time, in ns since the Unix epoch.
    var first: UInt64 = .max
    /// The latest time, in ns since the Unix epoch.
    var last: UInt64 = 0

    /// The time from the earliest to the latest record, in seconds.
    var seconds: Double { last > first ? Double(last - first) / 1e9 : 0 }

    /// `count` per second; nil if all records have the same time.
    func rate(_ count: UInt64) -> Double? { seconds > 0 ? Double(count) / seconds : nil }

    mutating func add(_ other: Sums) {
      records += other.records
      bytes += other.bytes
      received += other.received
      receivedBytes += other.receivedBytes
      sent += other.sent
      sentBytes += other.sentBytes
      first = min(first, other.first)
      last = max(last, other.last)
    }

    mutating func note(_ header: RecordHeader) {
      records += 1
      bytes += UInt64(header.recordCount)
      first = min(first, header.time)
      last = max(last, header.time)
      guard header.type == .message else { return }
      if header.flags.contains(.sent) {
        sent += 1
        sentBytes += UInt64(header.bodyCount)
      } else {
        received += 1
        receivedBytes += UInt64(header.bodyCount)
      }
    }
  }

  /// A connection of a source.
  struct Connection: Hashable {
    /// The source's id.
    let source: UInt32
    /// The connection's id.
    let id: UInt32
  }

  /// The peer of a connection.
  struct Peer {
    /// Its address; nil if no record names it.
    var remote: Endpoint?
    /// Its user agent; empty if no record names it.
    var userAgent: [UInt8] = []
  }

  /// Totals by a key that is often the same for consecutive records.
  struct Tally<Key: Hashable> {
    private var places: [Key: Int] = [:]
    private var entries: [(key: Key, sums: Sums)] = []
    /// The index of the last record's key.
    private var latest = 0

    /// The number of keys.
    var count: Int { entries.count }

    /// The totals, in the order in which their keys first came.
    var sums: [(key: Key, value: Sums)] { entries.map { ($0.key, $0.sums) } }

    /// Whether there are records with a key.
    func has(_ key: Key) -> Bool { latest < count && entries[latest].key == key || places[key] != nil }

    mutating func note(_ header: RecordHeader, by key: Key) {
      if latest >= count || entries[latest].key != key {
        latest = places[key] ?? count
        if latest == count {
          places[key] = count
          entries.append((key, Sums()))
        }
      }
      entries[latest].sums.note(header)
    }
  }

  /// Totals by type of record.
  private(set) var types = Tally<RecordType>()
  /// Totals by command; once there are 4096 commands, peers' invented ones are counted together under nil.
  private(set) var commands = Tally<Command?>()
  /// Totals by source.
  private(set) var sources = Tally<UInt32>()
  /// The kind of each source's program.
  private(set) var kinds: [UInt32: String] = [:]
  /// Totals by connection.
  private(set) var connections: [Connection: Sums] = [:]
  /// The peers of connections.
  private(set) var peers: [Connection: Peer] = [:]

  private static let commandLimit = 4096

  /// The total of all records.
  var total: Sums { types.sums.reduce(into: Sums()) { $0.add($1.value) } }

  /// Counts a record.
  mutating func note(_ record: StreamRecord) {
    let header = record.header
    types.note(header, by: header.type)
    sources.note(header, by: header.source)
    let connection = Connection(source: header.source, id: header.connection)
    switch record.content {
    case .message(let message):
      connections[connection, default: Sums()].note(header)
      let isKnown = commands.count < Self.commandLimit || commands.has(message?.command)
      commands.note(header, by: isKnown ? message?.command : nil)
    case .event(let event):
      connections[connection, default: Sums()].note(header)
      peers[connection, default: Peer()].remote = event.remote
      if !event.userAgent.isEmpty { peers[connection]!.userAgent = event.userAgent }
    case .meta(.sourceJoined(let source, let description)): kinds[source] = description.kind
    case .meta(.openConnection(let open)):
      peers[connection] = Peer(remote: open.remote, userAgent: open.userAgent)
    case .meta, .text, .other, .unreadable: break
    }
  }
}
