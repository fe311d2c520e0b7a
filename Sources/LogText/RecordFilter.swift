import BitcoinWire
import Bytes
import LogProtocol

/// Which records are shown: the same for a live stream and for files.
public struct RecordFilter: Equatable, Sendable {
  /// What to ask the log server for.
  public var subscription: Subscription

  /// Whether META records other than gaps are shown.
  public var showsMeta: Bool

  /// Whether META records are asked for by name, rather than shown with everything else.
  public var asksForMeta: Bool

  /// Shows everything.
  public init() {
    subscription = Subscription()
    showsMeta = true
    asksForMeta = false
  }

  /// Whether a record is shown. Gap records always are: they say what is not.
  ///
  /// - Parameter body: the record's body.
  public func shows(_ header: RecordHeader, body: UnsafeRawBufferPointer) -> Bool {
    guard header.type == .meta else { return subscription.wants(header, body: body) }
    if showsMeta { return true }
    guard case .gap? = try? MetaBody(body.bytes) else { return false }
    return true
  }
}
