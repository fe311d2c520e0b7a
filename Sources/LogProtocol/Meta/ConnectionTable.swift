import BitcoinWire
import Bytes
import Observations

/// The sources and connections that are live at a point of the stream, learnt from its records. A reader that
/// starts there gets them first.
public struct ConnectionTable {
  /// The live sources by id.
  public private(set) var sources: [UInt32: SourceDescription] = [:]

  private var connections: [UInt32: [UInt32: OpenConnection]] = [:]

  /// Creates an empty table.
  public init() {}

  /// The number of open connections.
  public var connectionCount: Int { connections.values.reduce(0) { $0 + $1.count } }

  /// The open connections of a source by id.
  public func connections(of source: UInt32) -> [UInt32: OpenConnection] { connections[source] ?? [:] }

  /// Updates the table from a record; ignores a record that cannot be decoded.
  public mutating func note(_ header: RecordHeader, body: UnsafeRawBufferPointer) {
    guard header.type == .connection || header.type == .meta else { return }
    note(StreamRecord(header, body))
  }

  /// Updates the table from a record.
  public mutating func note(_ record: StreamRecord) {
    let header = record.header
    switch record.content {
    case .event(let event): note(event, header)
    case .meta(.sourceJoined(let source, let description)): join(source, description)
    case .meta(.sourceLeft(let source, _, _, _)): leave(source)
    case .meta(.openConnection(let open)):
      connections[header.source, default: [:]][header.connection] = open
    case .meta, .message, .text, .other, .unreadable: break
    }
  }

  /// Adds a source. If another instance had the id, removes its connections.
  public mutating func join(_ source: UInt32, _ description: SourceDescription) {
    if let former = sources[source], former.instance != description.instance { connections[source] = nil }
    sources[source] = description
  }

  /// Removes a source and its connections.
  public mutating func leave(_ source: UInt32) {
    sources[source] = nil
    connections[source] = nil
  }

  /// Encodes one whole record for each live source, then one for each open connection.
  ///
  /// - Parameter time: time stamp of the records, in ns since the Unix epoch.
  public func records(at time: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    for (source, description) in sources.sorted(by: { $0.key < $1.key }) {
      let body = MetaBody.sourceJoined(source: source, description).body
      bytes += RecordHeader(type: .meta, time: time, bodyCount: body.count).record(body: body)
    }
    for (source, table) in connections.sorted(by: { $0.key < $1.key }) {
      for (connection, open) in table.sorted(by: { $0.key < $1.key }) {
        let body = MetaBody.openConnection(open).body
        bytes += RecordHeader(
          type: .meta,
          source: source,
          time: time,
          connection: connection,
          bodyCount: body.count
        ).record(body: body)
      }
    }
    return bytes
  }

  private mutating func note(_ event: ConnectionEvent, _ header: RecordHeader) {
    switch event.code {
    case .connected, .accepted:
      connections[header.source, default: [:]][header.connection] = OpenConnection(
        direction: event.direction,
        remote: event.remote,
        local: event.local,
        since: header.time,
        peer: event.peer
      )
    case .handshaken:
      connections[header.source]?[header.connection]?.peer = event.peer
    case .closedByPeer, .writeFailed, .failed, .connectFailed, .resetByPeer, .closedByUs:
      connections[header.source]?[header.connection] = nil
    }
  }
}
