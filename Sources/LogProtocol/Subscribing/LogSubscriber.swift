import Access
import Bytes
import EventLoop
import Observations
import Pacing

/// Receives a subscriber's records.
public protocol LogSubscriberHandler: AnyObject {
  /// Receives adjacent whole records, as the log server forwarded them, without preambles. The slice may be
  /// kept.
  func subscriber(_ subscriber: LogSubscriber, received records: ChunkSlice)

  /// The archive's positions; asked for at each connect, and when the subscription changes.
  ///
  /// - Returns: nil if they are not known yet; `subscribe()` asks again. The log server waits 10 s for them.
  func positions(for subscriber: LogSubscriber) -> [ArchivePosition]?

  /// The connection to the log server is open.
  func subscriberDidConnect(_ subscriber: LogSubscriber)

  /// The log server answered `requestStatus()`, with its state and the last sequence number of each source.
  /// New records that arrive after the answer have higher numbers.
  func subscriber(_ subscriber: LogSubscriber, told status: ServerStatus)

  /// The log server cannot be reached, or the connection is lost. The subscriber reconnects by itself unless
  /// cancelled.
  func subscriber(_ subscriber: LogSubscriber, lostServerFor reason: String)
}

extension LogSubscriberHandler {
  /// Returns the positions of an empty archive.
  public func positions(for subscriber: LogSubscriber) -> [ArchivePosition]? { [] }

  /// Does nothing.
  public func subscriber(_ subscriber: LogSubscriber, told status: ServerStatus) {}

  /// Does nothing.
  public func subscriberDidConnect(_ subscriber: LogSubscriber) {}
}

/// A reader's end of the log stream; reconnects when the connection is lost.
public final class LogSubscriber {
  /// The records it subscribes to; a change is sent to the log server.
  public var subscription: Subscription {
    didSet { if oldValue != subscription { subscribe() } }
  }

  /// Whether the connection is open.
  public var isConnected: Bool { stream != nil }

  private let loop: EventLoop
  private let address: SocketAddress
  private let key: AccessKey?
  private unowned let handler: any LogSubscriberHandler
  private var stream: ByteStream?
  private var attempt: AccessAttempt?
  private var retry: TimerWatcher?
  private var failures = 0

  /// Creates a subscriber and starts to connect to the log server.
  ///
  /// - Parameters:
  ///   - address: the log server's socket for readers.
  ///   - key: the key to prove over TCP; nil for none.
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

  /// Sends the subscription, if the handler knows the positions.
  public func subscribe() {
    guard let stream, let positions = handler.positions(for: self) else { return }
    stream.write(LinkMessage.subscribe(subscription, positions: positions).record(at: Clock.now()))
  }

  /// Acknowledges the archive's records, up to a sequence number for each source.
  public func acknowledge(_ sequences: [UInt32: UInt64]) {
    guard !sequences.isEmpty else { return }
    stream?.write(LinkMessage.acknowledge(sequences).record(at: Clock.now()))
  }

  /// Asks the log server for its status.
  public func requestStatus() { stream?.write(LinkMessage.statusRequest.record(at: Clock.now())) }

  /// Suspends reading. Once the reader's queue is full the log server drops records and counts them.
  public func pause() { stream?.pause() }

  /// Resumes reading.
  public func resume() { stream?.resume() }

  /// Says goodbye and closes. The handler is not called any more.
  public func cancel() {
    retry?.cancel()
    attempt?.cancel()
    guard let stream else { return }
    self.stream = nil
    stream.write(LinkMessage.goodbye.record(at: Clock.now()))
    stream.flush()
    stream.close(.closed("goodbye"))
  }

  /// Closes without goodbye, as after a crash, so that the log server waits for the reader. The handler is
  /// not called until `reconnect()`.
  public func disconnect() {
    retry?.cancel()
    attempt?.cancel()
    attempt = nil
    guard let stream else { return }
    self.stream = nil
    stream.close(.closed("not archived"))
  }

  /// Reconnects after `disconnect()`.
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
  /// Passes on runs of whole records.
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

  /// Starts to reconnect.
  public func stream(_ stream: ByteStream, closedFor reason: CloseReason) {
    guard stream === self.stream else { return }
    self.stream = nil
    lost(reason.description)
  }
}
