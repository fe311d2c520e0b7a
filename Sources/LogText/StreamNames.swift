import BitcoinWire
import Bytes
import LogProtocol
import Observations

/// Names sources and connections, learnt from the records in the stream.
public struct StreamNames {
  /// The live sources and connections.
  public private(set) var table = ConnectionTable()

  private var kinds: [UInt32: String] = [:]

  /// Creates an empty set of names.
  public init() {}

  /// Learns from a record; must be called for every record, shown or not.
  public mutating func note(_ record: StreamRecord) {
    if case .meta(.sourceJoined(let source, let description)) = record.content {
      kinds[source] = EscapedText.utf8(description.kind.utf8.prefix(32))
    }
    table.note(record)
  }

  /// The kind of a source's program, escaped; nil if it was never seen to join.
  public func kind(of source: UInt32) -> String? { source == 0 ? "logserver" : kinds[source] }

  /// A source's name, `connector-1700000000`; only the number if its kind is unknown.
  public func name(of source: UInt32) -> String {
    if source == 0 { return "logserver" }
    return kinds[source].map { "\($0)-\(source)" } ?? String(source)
  }

  /// The peer's end of a connection; nil if it is not known to be open.
  public func remote(of header: RecordHeader) -> Endpoint? {
    guard header.connection != 0 else { return nil }
    return table.connections(of: header.source)[header.connection]?.remote
  }
}
