import Bytes
import EventLoop
import LogProtocol
import Observations

/// Collects the records of a subscriber, archiving what it is told to.
public final class RecordCollector: LogSubscriberHandler {
  /// Creates a collector without a subscriber.
  public init() {}

  /// Headers of the records that came, duplicates left out.
  public var headers: [RecordHeader] = []
  /// Their bodies.
  public var bodies: [[UInt8]] = []
  /// What has come of each source.
  public var ledger = SequenceLedger()
  /// Records that came again.
  public var duplicates = 0
  /// Why the log server was lost, each time.
  public var losses: [String] = []
  /// Whether an archiving one acknowledges what it has.
  public var acknowledges = true
  /// The subscriber.
  public var subscriber: LogSubscriber!

  /// Headers of what sources wrote.
  public var numbered: [RecordHeader] { headers.filter { $0.sequence > 0 } }
  /// What the META records say.
  public var metas: [MetaBody] {
    zip(headers, bodies).compactMap { $0.type == .meta ? try? MetaBody($1.span.bytes) : nil }
  }

  /// Takes records in.
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

  /// How far each source has come.
  public func positions(for subscriber: LogSubscriber) -> [ArchivePosition]? {
    Array(ledger.positions.values)
  }

  /// Notes the loss.
  public func subscriber(_ subscriber: LogSubscriber, lostServerFor reason: String) { losses.append(reason) }
}
