import BitcoinWire
import Bytes
import LogProtocol
import Observations

/// What is needed to call sources and connections by name, learnt from the records as they go by.
public struct StreamNames {
  /// What is live.
  public private(set) var table = ConnectionTable()

  private var kinds: [UInt32: String] = [:]

  /// Knows nothing yet.
  public init() {}

  /// Takes in a record; to be called for each, also for those that are not shown.
  ///
  /// - Parameter body: the record's body.
  public mutating func note(_ header: RecordHeader, body: UnsafeRawBufferPointer) {
    guard header.type == .connection || header.type == .meta else { return }
    if header.type == .meta, case .sourceJoined(let source, let description)? = try? MetaBody(body.bytes) {
      kinds[source] = EscapedText.utf8(description.kind.utf8.prefix(32))
    }
    table.note(header, body: body)
  }

  /// The kind of a source's program, escaped; nil where it never joined.
  public func kind(of source: UInt32) -> String? { source == 0 ? "logserver" : kinds[source] }

  /// `connector-1700000000`; the number alone where its kind is not known.
  public func name(of source: UInt32) -> String {
    if source == 0 { return "logserver" }
    return kinds[source].map { "\($0)-\(source)" } ?? String(source)
  }

  /// The other end of a connection; nil where it is not known to be open.
  public func remote(of header: RecordHeader) -> Endpoint? {
    guard header.connection != 0 else { return nil }
    return table.connections(of: header.source)[header.connection]?.remote
  }
}
