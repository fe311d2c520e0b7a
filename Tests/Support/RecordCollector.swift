import Bytes
import EventLoop
import LogProtocol
import Observations

/// Collects a subscriber's records, and acknowledges them if it archives.
public final class RecordCollector: LogSubscriberHandler {
  /// Creates a collector without a subscriber.
  public init() {}

  /// Headers of the received records, without duplicates.
  public var headers: [RecordHeader] = []
  /// Bodies of the same records.
  public var bodies: [[UInt8]] = []
  /// Sequence numbers received from each source.
  public var ledger = SequenceLedger()
  /// Number of records received again.
  public var duplicates = 0
  /// The reason for each loss of the log server.
  public var losses: [String] = []
  /// Whether it acknowledges records if it archives.
  public var acknowledges = true
  /// The subscriber.
  public var subscriber: LogSubscriber!

  /// Headers of the records with a sequence number, which sources wrote.
  public var numbered: [RecordHeader] { headers.filter { $0.sequence > 0 } }
  /// Bodies of the META records.
  public var metas: [MetaBody] {
    zip(headers, bodies).compactMap { $0.type == .meta ? try? MetaBody($1.span.bytes) : nil }
  }

  /// Adds records.
  public func subscriber(_ subscriber: LogSubscriber, received records: ChunkSlice) {
    var cursor = RecordCursor(records.bytes)
    var acknowledged: [UInt32: UInt64] = [:]
    while let (header, range) = try! cursor.next() {
      let body = [UInt8](cursor.bytes[range].dropFirst(RecordHeader.size))
      if header.type == .meta,
        case .sourceJoined(let source, let description) = try! MetaBody(body.span.bytes)
      {
        ledger.join(source, instance: description.instance)
      }
      if ledger.note(source: header.source, sequence: header.sequence) == .duplicate {
        duplicates += 1
        continue
      }
      headers.append(header)
      bodies.append(body)
      if let sequence = ledger.sequence(of: header.source) { acknowledged[header.source] = sequence }
    }
    if acknowledges, subscriber.subscription.isArchiving { subscriber.acknowledge(acknowledged) }
  }

  /// The position in each source.
  public func positions(for subscriber: LogSubscriber) -> [ArchivePosition]? {
    Array(ledger.positions.values)
  }

  /// Adds the reason for the loss.
  public func subscriber(_ subscriber: LogSubscriber, lostServerFor reason: String) { losses.append(reason) }
}
