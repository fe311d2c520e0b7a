import LogProtocol
import Observations

/// What is live no longer, though records that are still to be written refer to it.
enum Departure {
  case source(UInt32, SourceDescription)
  case connection(UInt32, UInt32, OpenConnection)

  /// Makes it live again in a table from which a segment's head is written.
  func restore(to table: inout ConnectionTable) {
    switch self {
    case .source(let source, let description):
      // Had the id gone to somebody else by now, joining would only take its connections away.
      if table.sources[source] == nil { table.join(source, description) }
    case .connection(let source, let connection, let open):
      guard table.connections(of: source)[connection] == nil else { return }
      let body = MetaBody.openConnection(open).body
      let header = RecordHeader(
        type: .meta,
        source: source,
        time: 0,
        connection: connection,
        bodyCount: body.count
      )
      body.withUnsafeBytes { table.note(header, body: $0) }
    }
  }
}
