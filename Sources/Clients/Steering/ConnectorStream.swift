import Access
import BitcoinWire
import Bytes
import Commands
import ControlProtocol
import EventLoop
import LogConsumer
import LogProtocol
import Observations

/// The records that one connector publishes from now on. They carry the kernel's times of receipt, which no
/// client could measure from outside.
///
/// The stream contains the effects of every command sent after `open()`.
public final class ConnectorStream {
  /// Receives each message and event of the connector.
  public var handle: (StreamRecord) -> Void = { _ in }

  /// The number of records missed because this reader was too slow.
  public private(set) var missedCount: UInt64 = 0

  /// The number of records skipped because this version cannot read them, for example from a newer program.
  public var unreadableCount: UInt64 { consumer?.account.unreadableCount ?? 0 }

  private let address: SocketAddress
  private let loop: EventLoop
  private let instance: UInt64
  private var source: UInt32?
  private var consumer: LogConsumer?
  private var lossReason: String?

  /// Creates a closed stream.
  ///
  /// - Parameters:
  ///   - key: the key to prove to a log server over TCP; nil for none.
  ///   - instance: the connector's instance, from its hello.
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

  /// Subscribes, and waits until the stream has started.
  ///
  /// - Throws: if there is no log server, or if the connector does not publish to it.
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
        "No log server answers on \(address): \(lossReason). It gives the times: start it with `logserver`."
      )
    }
    throw ClientFailure(
      .someFailed,
      "The connector does not publish to the log server on \(address), so nothing can be timed."
    )
  }

  /// Closes the stream; no more records are delivered.
  public func close() { consumer?.cancel() }

  /// Whether the log server was gone for a while; the number of missed records is then unknown.
  private var wasInterrupted: Bool { (consumer?.account.interruptions ?? 0) > 0 }

  /// A sentence about missed records; nil if there are none.
  public var complaint: String? {
    if wasInterrupted { return "The log server was gone for a while, so the results are incomplete." }
    return missedCount > 0
      ? "\(missedCount.sumText) \(missedCount == 1 ? "record" : "records") of the log stream were missed, so the results are incomplete."
      : nil
  }

  /// A sentence about skipped records; nil if there were none.
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
  /// Opens a session with the connector, and before it the stream of the connector's records. Passes both to
  /// `body`.
  ///
  /// - Parameter subscription: the records to subscribe to.
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
