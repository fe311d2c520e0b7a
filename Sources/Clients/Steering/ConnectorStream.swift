import Access
import BitcoinWire
import Bytes
import Commands
import ControlProtocol
import EventLoop
import LogConsumer
import LogProtocol
import Observations

/// What one connector publishes from now on, with the kernel's times, which no client could measure from outside.
///
/// It begins at a known moment: what is commanded after `open()` is in it.
public final class ConnectorStream {
  /// Gets each message and event of the connector.
  public var handle: (StreamRecord) -> Void = { _ in }

  /// Records that are missing, because this reader was too slow.
  public private(set) var missedCount: UInt64 = 0

  /// Records that this version cannot read; they are skipped. A newer program may write them.
  public var unreadableCount: UInt64 { consumer?.account.unreadableCount ?? 0 }

  private let address: SocketAddress
  private let loop: EventLoop
  private let instance: UInt64
  private var source: UInt32?
  private var consumer: LogConsumer?
  private var lossReason: String?

  /// Creates a stream that is not open.
  ///
  /// - Parameters:
  ///   - key: what to prove to a log server over TCP; nil for none.
  ///   - instance: the connector's, from its hello.
  public init(
    _ address: SocketAddress,
    key: AccessKey?,
    _ subscription: Subscription,
    of instance: UInt64,
    on loop: EventLoop
  ) {
    self.address = address
    self.instance = instance
    self.loop = loop
    var criteria = RecordCriteria()
    criteria.subscription = subscription
    consumer = LogConsumer(.live(address, key: key), criteria, on: loop, handler: self)
  }

  /// Subscribes, and waits until the stream has begun.
  ///
  /// - Throws: that there is no log server, or that the connector does not publish to it.
  public func open(timeout: Double = 5) throws(ClientFailure) {
    consumer?.start()
    var isLate = false
    let timer = TimerWatcher(on: loop) { isLate = true }
    timer.start(after: timeout)
    defer { timer.cancel() }
    while source == nil, lossReason == nil, !isLate { loop.runOnce() }
    guard source == nil else { return }
    close()
    if let lossReason {
      throw ClientFailure(
        .unreachable,
        "No log server answers on \(address): \(lossReason). Times come from it: start it with `logserver`."
      )
    }
    throw ClientFailure(
      .someFailed,
      "The connector does not publish to the log server on \(address), so that nothing can be timed."
    )
  }

  /// Ends it; nothing more is handed over.
  public func close() { consumer?.cancel() }

  /// Whether the log server was gone for a while, so that nobody knows what is missing.
  private var wasInterrupted: Bool { (consumer?.account.interruptions ?? 0) > 0 }

  /// A sentence about what the stream lacks; nil if it is whole.
  public var complaint: String? {
    if wasInterrupted { return "The log server was gone for a while: what came then is missing here." }
    return missedCount > 0
      ? "\(missedCount.sumText) \(missedCount == 1 ? "record" : "records") of the log stream were missed: what they say is missing here."
      : nil
  }

  /// A sentence about records that were skipped; nil if there were none.
  public var remark: String? {
    guard unreadableCount > 0 else { return nil }
    let records = unreadableCount == 1 ? "record" : "records"
    return "Skipped \(unreadableCount) \(records) that this version cannot read."
  }

  private func note(_ header: RecordHeader, _ meta: MetaBody) {
    switch meta {
    case .sourceJoined(let id, let description) where description.instance == instance: source = id
    case .gap(let gap):
      let concerned = gap.source == 0 ? header.source : gap.source
      if concerned == source || concerned == 0 { missedCount.saturate(adding: gap.count) }
    default: break
    }
  }
}

extension ConnectorStream: LogConsumerHandler {
  /// Hands over the records of the connector.
  public func consumer(_ consumer: LogConsumer, received record: StreamRecord) {
    if case .meta(let meta) = record.content {
      note(record.header, meta)
    } else if record.header.source == source {
      handle(record)
    }
  }

  /// Keeps the reason for which the log server is lost.
  public func consumer(_ consumer: LogConsumer, became state: LogConsumer.State) {
    if case .waiting(let reason) = state { lossReason = reason }
  }
}

extension ClientEnvironment {
  /// Lends a session with the connector, and the stream of what it publishes, opened before anything is commanded.
  ///
  /// - Parameter subscription: what is wanted of it.
  public func withStream(
    _ subscription: Subscription,
    _ body: (ConnectorSession, ConnectorStream) throws(ClientFailure) -> ExitStatus
  ) throws(ClientFailure) -> ExitStatus {
    try withSession { session throws(ClientFailure) in
      let stream = ConnectorStream(
        try subscribeAddress(),
        key: key,
        subscription,
        of: session.hello.instance,
        on: loop
      )
      defer { stream.close() }
      try stream.open()
      let status = try body(session, stream)
      if let remark = stream.remark { output.complain(remark) }
      guard let complaint = stream.complaint else { return status }
      output.complain(complaint)
      return status == .succeeded ? .someFailed : status
    }
  }
}
