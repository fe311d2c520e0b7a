import Bytes
import LogProtocol
import Observations

/// Applies criteria to the records of a stream in order. Tracks the open connections if the criteria depend
/// on peers.
public struct RecordSelection {
  /// The criteria.
  public let criteria: RecordCriteria

  private let filter: RecordFilter
  private var table = ConnectionTable()

  /// Begins at the start of a stream.
  public init(_ criteria: RecordCriteria) {
    self.criteria = criteria
    filter = RecordFilter(criteria.subscription)
  }

  /// Whether a record is wanted; must be called for every record. Gap records within the wanted time always
  /// are, as they report missing records.
  public mutating func shows(_ record: StreamRecord) -> Bool {
    guard criteria.asksForPeers else { return shows(record, of: nil) }
    // An event that opens or closes a connection belongs to that connection too.
    let header = record.header
    let former = table.connections(of: header.source)[header.connection]
    table.note(record)
    let open = table.connections(of: header.source)[header.connection]
    return shows(record, of: open ?? former)
  }

  private func shows(_ record: StreamRecord, of open: OpenConnection?) -> Bool {
    let header = record.header
    guard header.time >= criteria.start, criteria.end.map({ header.time < $0 }) ?? true else { return false }
    if header.type == .meta {
      if criteria.showsMeta { return true }
      guard case .meta(.gap) = record.content else { return false }
      return true
    }
    guard filter.wants(header, body: record.body) else { return false }
    guard criteria.asksForPeers else { return true }
    return (open ?? Self.connection(record)).map(criteria.wants) ?? false
  }

  /// The peer in an event of a connection that was never open.
  private static func connection(_ record: StreamRecord) -> OpenConnection? {
    guard case .event(let event) = record.content else { return nil }
    return OpenConnection(
      direction: event.direction,
      remote: event.remote,
      local: event.local,
      since: record.header.time,
      peer: event.peer
    )
  }
}
