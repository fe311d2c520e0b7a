import BitcoinWire
import Bytes
import LogFiles
import LogProtocol
import Observations

/// Writes records as a native log that can be read alone: a record's source and connection are always
/// introduced by META records before it.
///
/// Coinscope's records get sequence numbers, from 1 for each source. Their sources are introduced as joined,
/// with kind `coinscope`.
struct NativeLogWriter {
  private var table = ConnectionTable()
  private var hasBegun = false
  private var sequences: [UInt32: UInt64] = [:]
  private var toldSources: Set<UInt32> = []
  private var toldConnections: [UInt32: Set<UInt32>] = [:]
  private let tellsConnection: (OpenConnection, UInt32) -> Bool
  private let bringsForward: Bool

  /// Creates a writer.
  ///
  /// - Parameters:
  ///   - bringsForward: whether to rewrite bodies of earlier versions as this version writes them.
  ///   - tellsConnection: whether to introduce a connection that is open when the log begins at its
  ///     beginning.
  init(
    bringsForward: Bool = false,
    tellsConnection: @escaping (OpenConnection, UInt32) -> Bool = { _, _ in true }
  ) {
    self.bringsForward = bringsForward
    self.tellsConnection = tellsConnection
  }

  /// Follows a record that is not written.
  mutating func skip(_ record: StreamRecord) {
    guard record.header.type == .connection || record.header.type == .meta else { return }
    table.note(record)
    forget(record)
  }

  /// Appends a record, after META records about its source and connection if they are needed.
  ///
  /// - Parameter stored: the record as it is in its file.
  mutating func append(_ record: StreamRecord, _ stored: LogRecord, to output: inout [UInt8]) {
    begin(at: record.header.time, &output)
    if record.header.type != .meta { tell(record, &output) }
    if stored.format == .coinscope {
      var header = record.header
      sequences[header.source, default: 0] += 1
      header.sequence = sequences[header.source]!
      Self.append(header, record.body, &output)
    } else if bringsForward, let body = Self.currentBody(record) {
      var header = record.header
      header.bodyCount = body.count
      body.withUnsafeBytes { Self.append(header, $0, &output) }
    } else {
      stored.appendNative(to: &output)
    }
    noteWritten(record)
  }

  /// Appends the beginning of the log, if it has not been written.
  mutating func begin(at time: UInt64, _ output: inout [UInt8]) {
    guard !hasBegun else { return }
    hasBegun = true
    output += StreamPreamble.bytes(createdAt: time)
    for source in table.sources.keys.sorted() { tell(source: source, at: time, &output) }
    // Only connections opened earlier: a record that opens a connection introduces it by itself.
    let sources = Set(table.sources.keys).union(openSources)
    for source in sources.sorted() {
      for (connection, open) in table.connections(of: source).sorted(by: { $0.key < $1.key })
      where tellsConnection(open, connection) {
        tell(source: source, at: time, &output)
        tell(open, source, connection, at: time, &output)
      }
    }
  }

  private var openSources: Set<UInt32> = []

  private mutating func tell(_ record: StreamRecord, _ output: inout [UInt8]) {
    let header = record.header
    if header.source != 0 { tell(source: header.source, at: header.time, &output) }
    guard header.connection != 0, toldConnections[header.source]?.contains(header.connection) != true,
      let open = table.connections(of: header.source)[header.connection]
    else { return }
    tell(open, header.source, header.connection, at: header.time, &output)
  }

  private mutating func tell(source: UInt32, at time: UInt64, _ output: inout [UInt8]) {
    guard toldSources.insert(source).inserted else { return }
    let description =
      table.sources[source]
      ?? SourceDescription(instance: UInt64(source), process: 0, kind: "coinscope", name: "", version: "")
    let body = MetaBody.sourceJoined(source: source, description).body
    output += RecordHeader(type: .meta, time: time, bodyCount: body.count).record(body: body)
  }

  private mutating func tell(
    _ open: OpenConnection,
    _ source: UInt32,
    _ connection: UInt32,
    at time: UInt64,
    _ output: inout [UInt8]
  ) {
    toldConnections[source, default: []].insert(connection)
    let body = MetaBody.openConnection(open).body
    output += RecordHeader(
      type: .meta,
      source: source,
      time: time,
      connection: connection,
      bodyCount: body.count
    ).record(body: body)
  }

  private mutating func noteWritten(_ record: StreamRecord) {
    guard record.header.type == .connection || record.header.type == .meta else { return }
    table.note(record)
    if record.header.connection != 0,
      table.connections(of: record.header.source)[record.header.connection] != nil
    {
      toldConnections[record.header.source, default: []].insert(record.header.connection)
    }
    if case .meta(.sourceJoined(let source, _)) = record.content { toldSources.insert(source) }
    forget(record)
  }

  /// Forgets the introductions of connections and sources that are gone.
  private mutating func forget(_ record: StreamRecord) {
    let header = record.header
    if header.connection != 0 {
      openSources.insert(header.source)
      if table.connections(of: header.source)[header.connection] == nil {
        toldConnections[header.source]?.remove(header.connection)
      }
      return
    }
    switch record.content {
    case .meta(.sourceLeft(let source, _, _, _)): toldConnections[source] = nil
    // Another instance with the same id has to be introduced again.
    case .meta(.sourceJoined(let source, _)) where !hasBegun: toldSources.remove(source)
    default: break
    }
  }

  /// The body of an earlier version as this version writes it; nil if the body is not of an earlier version.
  private static func currentBody(_ record: StreamRecord) -> [UInt8]? {
    switch record.content {
    case .event(let event) where record.body.first == 0: event.body
    case .meta(let meta) where record.body.first == MetaBody.earlyOpenConnection: meta.body
    default: nil
    }
  }

  private static func append(_ header: RecordHeader, _ body: UnsafeRawBufferPointer, _ output: inout [UInt8])
  {
    withUnsafeTemporaryAllocation(byteCount: RecordHeader.size, alignment: 8) { space in
      header.write(to: space.baseAddress!)
      output.append(contentsOf: space)
    }
    output.append(contentsOf: body)
  }
}
