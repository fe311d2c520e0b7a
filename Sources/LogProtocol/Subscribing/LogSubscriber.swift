import Access
import Bytes
import EventLoop
import Observations
import Pacing

/// Hears a subscriber's records.
public protocol LogSubscriberHandler: AnyObject {
  /// Gets whole records, back to back, as the log server forwarded them, without preambles. The slice may
  /// be kept.
  func subscriber(_ subscriber: LogSubscriber, received records: ChunkSlice)

  /// How far an archive has come; asked at each connect, and when the subscription changes.
  ///
  /// - Returns: nil if that is not known yet; `subscribe()` asks again. The log server waits 10 s for that.
  func positions(for subscriber: LogSubscriber) -> [ArchivePosition]?

  /// The log server has accepted the connection.
  func subscriberDidConnect(_ subscriber: LogSubscriber)

  /// The log server answered `requestStatus()`: how it does, and how far it is with each source. What comes later than the
  /// answer is later in its source than that.
  func subscriber(_ subscriber: LogSubscriber, told status: ServerStatus)

  /// There is no log server, or it is gone. The subscriber tries again by itself unless cancelled.
  func subscriber(_ subscriber: LogSubscriber, lostServerFor reason: String)
}

extension LogSubscriberHandler {
  /// An archive that has nothing.
  public func positions(for subscriber: LogSubscriber) -> [ArchivePosition]? { [] }

  /// Does nothing.
  public func subscriber(_ subscriber: LogSubscriber, told status: ServerStatus) {}

  /// Does nothing.
  public func subscriberDidConnect(_ subscriber: LogSubscriber) {}
}

/// A reader's end of the log stream; finds the log server again when it is gone.
public final class LogSubscriber {
  /// What it subscribes to; a change is told to the log server.
  public var subscription: Subscription {
    didSet { if oldValue != subscription { subscribe() } }
  }

  /// Whether the connection stands.
  public var isConnected: Bool { stream != nil }

  private let loop: EventLoop
  private let address: SocketAddress
  private let key: AccessKey?
  private unowned let handler: any LogSubscriberHandler
  private var stream: ByteStream?
  private var attempt: AccessAttempt?
  private var retry: TimerWatcher?
  private var failures = 0

  /// Creates a subscriber and starts to look for the log server.
  ///
  /// - Parameters:
  ///   - address: where the log server takes readers.
  ///   - key: what to prove to it over TCP; nil for none.
  public init(
    to address: SocketAddress,
    key: AccessKey? = nil,
    _ subscription: Subscription,
    on loop: EventLoop,
    handler: any LogSubscriberHandler
  ) {
    self.address = address
    self.key = key
    self.subscription = subscription
    self.loop = loop
    self.handler = handler
    retry = TimerWatcher(on: loop) { [unowned self] in connect() }
    retry?.start(after: 0)
  }

  /// Tells the log server what is subscribed to, as soon as the handler knows the positions.
  public func subscribe() {
    guard let stream, let positions = handler.positions(for: self) else { return }
    stream.write(LinkMessage.subscribe(subscription, positions: positions).record(at: Clock.now()))
  }

  /// Tells the log server how far the archive has come, by source.
  public func acknowledge(_ sequences: [UInt32: UInt64]) {
    guard !sequences.isEmpty else { return }
    stream?.write(LinkMessage.acknowledge(sequences).record(at: Clock.now()))
  }

  /// Asks the log server how it does.
  public func requestStatus() { stream?.write(LinkMessage.statusRequest.record(at: Clock.now())) }

  /// Suspends reading; the log server then counts what it cannot keep.
  public func pause() { stream?.pause() }

  /// Takes reading up again.
  public func resume() { stream?.resume() }

  /// Says goodbye and closes; nothing more is reported.
  public func cancel() {
    retry?.cancel()
    attempt?.cancel()
    guard let stream else { return }
    self.stream = nil
    stream.write(LinkMessage.goodbye.record(at: Clock.now()))
    stream.flush()
    stream.close(.closed("goodbye"))
  }

  /// Closes without goodbye, as if it had crashed, so that the log server waits for it; nothing more is reported
  /// until `reconnect()`.
  public func disconnect() {
    retry?.cancel()
    attempt?.cancel()
    attempt = nil
    guard let stream else { return }
    self.stream = nil
    stream.close(.closed("not archived"))
  }

  /// Looks for the log server again after `disconnect()`.
  public func reconnect() { retry?.start(after: 0) }

  private func connect() {
    attempt = AccessAttempt(to: address, key: key, for: .subscribe, timeout: 5, on: loop) {
      [unowned self] result in
      attempt = nil
      switch result {
      case .success(let descriptor):
        let stream = ByteStream(descriptor, on: loop, handler: self)
        self.stream = stream
        stream.write(StreamPreamble.bytes(createdAt: Clock.now()))
        subscribe()
        failures = 0
        handler.subscriberDidConnect(self)
      case .failure(let error): lost(error.description)
      }
    }
  }

  private func lost(_ reason: String) {
    failures += 1
    retry?.start(after: Backoff.logServer.seconds(failures: failures))
    handler.subscriber(self, lostServerFor: reason)
  }
}

extension LogSubscriber: ByteStreamHandler {
  /// Passes runs of whole records on.
  public func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int {
    var cursor = RecordCursor(slice.bytes)
    var run = 0..<0
    var failure: String?
    do throws(WireError) {
      while let (header, range) = try cursor.next() {
        let body = UnsafeRawBufferPointer(rebasing: slice.bytes[range].dropFirst(RecordHeader.size))
        if header.type == .meta, header.sequence == 0, let link = try LinkMessage(body.bytes) {
          if case .refusal(let reason) = link { failure = "log server refuses: \(reason)" }
          pass(slice, run)
          if case .status(let status) = link { handler.subscriber(self, told: status) }
          run = range.upperBound..<range.upperBound
        } else if run.upperBound == range.lowerBound {
          run = run.lowerBound..<range.upperBound
        } else {
          pass(slice, run)
          run = range
        }
      }
    } catch {
      let isKeyWanted = AccessKey.isChallenge(slice.bytes)
      failure = isKeyWanted ? AccessError.keyWanted : "log server sent a malformed record: \(error)"
    }
    pass(slice, run)
    if let failure, stream.isOpen { stream.close(.closed(failure)) }
    stream.expectedCount = cursor.neededCount
    return cursor.offset
  }

  private func pass(_ slice: ChunkSlice, _ run: Range<Int>) {
    guard !run.isEmpty, stream != nil else { return }
    let start = slice.range.lowerBound
    handler.subscriber(
      self,
      received: ChunkSlice(slice.chunk, start + run.lowerBound..<start + run.upperBound)
    )
  }

  /// Looks for the log server again.
  public func stream(_ stream: ByteStream, closedFor reason: CloseReason) {
    guard stream === self.stream else { return }
    self.stream = nil
    lost(reason.description)
  }
}
