import LogProtocol
import Observations

/// A source or connection that is gone, although records still to be written refer to it.
enum Departure {
  case source(UInt32, SourceDescription)
  case connection(UInt32, UInt32, OpenConnection)

  /// Adds it again to the table from which a segment's head is written.
  func restore(to table: inout ConnectionTable) {
    switch self {
    case .source(let source, let description):
      // If the id belongs to another source now, joining would only remove that source's connections.
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
