import Access
import BitcoinWire
import Bytes
import ControlProtocol
import EventLoop
import LogProtocol
import Observations

/// What the log stream tells of one connector, from now on: with the kernel's times, which no client could measure
/// from outside.
///
/// It begins at a moment that is known: what is commanded after `open()` is in it.
final class ConnectorStream {
  /// Told each message and event of the connector: header and body of its record.
  var handle: (RecordHeader, UnsafeRawBufferPointer) -> Void = { _, _ in }

  /// Records that the stream lacks, because this reader was too slow or the log server was gone.
  private(set) var missedCount: UInt64 = 0

  /// META records that this version cannot read; they are skipped. A newer program may write them.
  private(set) var unreadableCount: UInt64 = 0

  /// Whether the log server was gone for a while, so that nobody knows what is lacking.
  private(set) var wasInterrupted = false

  private let address: SocketAddress
  private let key: AccessKey?
  private let loop: EventLoop
  private let subscription: Subscription
  private let instance: UInt64
  private var source: UInt32?
  private var subscriber: LogSubscriber?
  private var lossReason: String?
  private var failure: ClientFailure?

  /// Creates a stream that is not open.
  ///
  /// - Parameters:
  ///   - key: what to prove to a log server over TCP; nil for none.
  ///   - instance: the connector's, from its hello.
  init(
    _ address: SocketAddress,
    key: AccessKey?,
    _ subscription: Subscription,
    of instance: UInt64,
    on loop: EventLoop
  ) {
    self.key = key
    self.address = address
    self.subscription = subscription
    self.instance = instance
    self.loop = loop
  }

  /// Subscribes, and waits until the stream has begun.
  ///
  /// - Throws: that there is no log server, or that the connector does not publish to it.
  func open(timeout: Double = 5) throws(ClientFailure) {
    subscriber = LogSubscriber(to: address, key: key, subscription, on: loop, handler: self)
    var isLate = false
    let timer = TimerWatcher(on: loop) { isLate = true }
    timer.start(after: timeout)
    defer { timer.cancel() }
    while source == nil, failure == nil, !isLate {
      if let lossReason {
        failure = ClientFailure(
          .unreachable,
          "No log server answers on \(address): \(lossReason). Times come from it: start it with `logserver`."
        )
      } else {
        loop.runOnce()
      }
    }
    if source == nil, failure == nil {
      failure = ClientFailure(
        .someFailed,
        "The connector does not publish to the log server on \(address), so that nothing can be timed."
      )
    }
    if let failure {
      close()
      throw failure
    }
  }

  /// Ends it; nothing more is told.
  func close() {
    subscriber?.cancel()
    subscriber = nil
  }

  /// A sentence about what the stream lacks; nil where it is whole.
  var complaint: String? {
    if wasInterrupted { return "The log server was gone for a while: what came then is missing here." }
    return missedCount > 0
      ? "\(missedCount.sumText) \(missedCount == 1 ? "record" : "records") of the log stream were missed: what they say is missing here."
      : nil
  }

  /// A sentence about records that were skipped; nil if there were none.
  var remark: String? {
    guard unreadableCount > 0 else { return nil }
    let records = unreadableCount == 1 ? "record" : "records"
    return "Skipped \(unreadableCount) META \(records) that this version cannot read."
  }

  private func take(_ records: ChunkSlice) throws(WireError) {
    var cursor = RecordCursor(records.bytes)
    while let (header, range) = try cursor.next() {
      let body = UnsafeRawBufferPointer(rebasing: records.bytes[range].dropFirst(RecordHeader.size))
      if header.type == .meta {
        do { note(header, try MetaBody(body.bytes)) } catch { unreadableCount += 1 }
      } else if header.source == source {
        handle(header, body)
      }
    }
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

extension ConnectorStream: LogSubscriberHandler {
  func subscriber(_ subscriber: LogSubscriber, received records: ChunkSlice) {
    // The subscriber has looked at the headers.
    try? take(records)
  }

  func subscriber(_ subscriber: LogSubscriber, lostServerFor reason: String) {
    lossReason = reason
    if source != nil { wasInterrupted = true }
  }
}

extension ClientEnvironment {
  /// Lends a session with the connector, and the stream of what it publishes, opened before anything is commanded.
  ///
  /// - Parameter subscription: what is wanted of it.
  func withStream(
    _ subscription: Subscription,
    _ body: (ControlSession, ConnectorStream) throws(ClientFailure) -> ExitStatus
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
