import Bytes
import LogProtocol
import Observations

/// Applies criteria to the records of a stream in order. It remembers which connections are open if the criteria depend on
/// the peers.
public struct RecordSelection {
  /// What is wanted.
  public let criteria: RecordCriteria

  private let filter: RecordFilter
  private var table = ConnectionTable()

  /// Begins at the start of a stream.
  public init(_ criteria: RecordCriteria) {
    self.criteria = criteria
    filter = RecordFilter(criteria.subscription)
  }

  /// Whether a record is wanted; to be asked of every record. Gap records of the time asked for always are: they say what is
  /// missing.
  ///
  /// - Parameter body: the record's body.
  public mutating func shows(_ header: RecordHeader, body: UnsafeRawBufferPointer) -> Bool {
    guard criteria.asksForPeers else { return shows(header, body, of: nil) }
    // An event that opens or closes a connection is about that connection too.
    let former = table.connections(of: header.source)[header.connection]
    table.note(header, body: body)
    let open = table.connections(of: header.source)[header.connection]
    return shows(header, body, of: open ?? former)
  }

  private func shows(_ header: RecordHeader, _ body: UnsafeRawBufferPointer, of open: OpenConnection?) -> Bool
  {
    guard header.time >= criteria.start, criteria.end.map({ header.time < $0 }) ?? true else { return false }
    if header.type == .meta {
      if criteria.showsMeta { return true }
      guard case .gap? = try? MetaBody(body.bytes) else { return false }
      return true
    }
    guard filter.wants(header, body: body) else { return false }
    guard criteria.asksForPeers else { return true }
    return (open ?? Self.connection(header, body)).map(criteria.wants) ?? false
  }

  /// What an event says of a connection that never was open.
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
