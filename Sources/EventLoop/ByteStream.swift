import Bytes
import CLibEV
import Glibc

/// The reason for closing a stream.
public enum CloseReason: Equatable, CustomStringConvertible {
  /// The other end closed the connection in order.
  case endOfStream
  /// A read failed.
  case readFailed(IOError)
  /// A write failed.
  case writeFailed(IOError)
  /// We closed the stream, for the given reason.
  case closed(String)

  /// The reason as text, for logs and outcomes.
  public var description: String {
    switch self {
    case .endOfStream: "closed by the other end"
    case .readFailed(let error), .writeFailed(let error): error.description
    case .closed(let reason): reason
    }
  }
}

/// Handles the events of a stream.
public protocol ByteStreamHandler: AnyObject {
  /// Handles all bytes received and not yet consumed; returns the number of bytes it consumed.
  ///
  /// The stream offers the unconsumed bytes again, together with the next ones. The handler may keep `slice`.
  ///
  /// - Parameter time: time of receipt in ns since the Unix epoch.
  func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int

  /// The batch has been handled and the written bytes are about to go to the kernel. The handler may write
  /// more.
  func streamWillFlush(_ stream: ByteStream)

  /// All written bytes have been handed to the kernel.
  func streamDidDrain(_ stream: ByteStream)

  /// The stream is closed. This is the last call, made exactly once.
  func stream(_ stream: ByteStream, closedFor reason: CloseReason)
}

extension ByteStreamHandler {
  /// Does nothing.
  public func streamWillFlush(_ stream: ByteStream) {}

  /// Does nothing.
  public func streamDidDrain(_ stream: ByteStream) {}
}

/// A connected stream socket on an event loop, with its buffers.
public final class ByteStream {
  /// The socket's descriptor; -1 once closed.
  public private(set) var descriptor: Int32

  /// Expected number of unconsumed bytes once the message that they begin is complete, as far as known. It
  /// sets the room of the next read.
  public var expectedCount = 0

  /// Bytes read so far.
  public private(set) var bytesReceived: UInt64 = 0

  /// Bytes handed to the kernel so far.
  public private(set) var bytesSent: UInt64 = 0

  private let loop: EventLoop
  // Not weak: a weak reference slows down each retain and release of its object. The handler owns the stream,
  // and nothing else retains an open one.
  private unowned let handler: any ByteStreamHandler
  /// Watches for the events that the gate does not watch; nil until needed.
  private var watcher: DescriptorWatcher?
  private var input: ReadBuffer
  private var output: WriteQueue
  /// The number of the loop's current batch, and the bytes handed to the kernel in it.
  private var writtenInBatch = (batch: UInt64.max, count: 0)
  private var isFlushDue = false
  /// Whether the stream is on the loop's list to flush at the end of the batch. It may have been flushed
  /// already.
  private var isListed = false
  private var isBlocked = false
  private var isDelivering = false
  private var closesWhenDrained: String?
  private let isStamped: Bool
  private let gate: ReadGate?
  private var isAdmitted = false
  /// Cost since the gate last asked.
  private var charged = 0
  /// The errno with which the gate's epoll refused the stream; 0 if it did not.
  private var refusal: Int32 = 0

  /// Whether the owner has suspended reading.
  public private(set) var isPaused = false

  /// The handler's address in memory, for prefetching.
  var handlerAddress: UnsafeMutableRawPointer { Unmanaged.passUnretained(handler as AnyObject).toOpaque() }

  /// Most unconsumed bytes that are moved to memory of their own size, out of the chunk they were read into.
  public static var parkingLimit: Int { ReadBuffer.parkingLimit }

  /// Most reads of one stream in one batch, so that a fast stream leaves time for the others.
  private static let readsPerBatch = 4

  /// Most bytes handed to the kernel in one batch, so that the other streams get their turns. A reader that
  /// keeps up would otherwise prolong the write without end.
  private static let writesPerBatch = 1 << 20

  /// Most bytes of one read at a gate.
  private static let longestRead = 256 << 10

  /// Takes ownership of a connected descriptor and starts to read.
  ///
  /// - Parameters:
  ///   - isStamped: whether the time of receipt is the kernel's, if it gives one. Otherwise it is the
  ///     clock's, right after the read.
  ///   - gate: the stream is read only while this gate is open.
  ///   - handler: not retained. It must own the stream, so that neither outlives the other.
  public init(
    _ descriptor: Int32,
    stamped isStamped: Bool = false,
    gate: ReadGate? = nil,
    on loop: EventLoop,
    handler: any ByteStreamHandler
  ) {
    self.descriptor = descriptor
    self.loop = loop
    self.handler = handler
    self.gate = gate
    input = ReadBuffer(pool: loop.pool)
    output = WriteQueue(pool: loop.pool)
    self.isStamped = isStamped && netmine_stamp_received(descriptor) == 0
    Socket.disableDelay(descriptor)
    updateInterest()
  }

  deinit {
    release()
    if isListed { loop.forget(self) }
  }

  /// Whether the stream has not been closed.
  public var isOpen: Bool { descriptor >= 0 }

  /// Number of bytes written and not yet handed to the kernel.
  public var unsentCount: Int { output.count }

  /// Number of bytes written so far, sent or not.
  public var writtenCount: UInt64 { bytesSent + UInt64(output.count) }

  /// Total capacity in bytes of the chunks that unsent bytes keep alive, without chunks of a shared pool.
  public var heldCount: Int { output.heldCount }

  /// Capacity in bytes of the memory that holds the unconsumed bytes; 0 if there are none.
  public var unconsumedHeldCount: Int { input.heldCount }

  /// Copies some of the unsent bytes.
  ///
  /// - Parameter range: offsets from the first unsent byte.
  public func unsentBytes(_ range: Range<Int>) -> [UInt8] { output.bytes(range) }

  /// Drops all unsent bytes but the first `kept`.
  public func dropUnsent(keeping kept: Int) { output.truncate(to: kept) }

  /// Enqueues a copy of the bytes, to be sent after the current batch. Does nothing once closed.
  public func write(_ bytes: UnsafeRawBufferPointer) {
    guard isOpen else { return }
    output.append(bytes)
    flushSoon()
  }

  /// Enqueues a copy of the bytes.
  public func write(_ bytes: [UInt8]) { bytes.withUnsafeBytes { write($0) } }

  /// Enqueues bytes by reference. Does nothing once closed.
  public func write(_ slice: ChunkSlice) {
    guard isOpen else { return }
    output.append(slice)
    flushSoon()
  }

  /// Suspends reading. The kernel's buffers fill up, and then TCP stops the sender.
  public func pause() {
    isPaused = true
    updateInterest()
  }

  /// Resumes reading, and first offers the unconsumed bytes again.
  public func resume() {
    guard isPaused else { return }
    isPaused = false
    updateInterest()
    // A handler that resumes within its own call has seen all bytes already.
    if input.count > 0, !isDelivering { deliver(at: Clock.now()) }
  }

  /// Closes at once and drops the unsent bytes. Does nothing the second time.
  public func close(_ reason: CloseReason) {
    guard isOpen else { return }
    release()
    input.clear()
    output.clear()
    loop.retire(self)
    handler.stream(self, closedFor: reason)
  }

  /// Stops reading, and closes once all written bytes have been handed to the kernel.
  public func closeAfterWriting(_ reason: String) {
    guard isOpen else { return }
    guard output.count > 0 else { return close(.closed(reason)) }
    closesWhenDrained = reason
    updateInterest()
  }

  /// Hands as many bytes as possible to the kernel now.
  public func flush() {
    announceFlush()
    writeOut(limit: .max)
  }

  /// Hands bytes to the kernel up to the rest of the batch's limit. Does nothing if the last write left
  /// bytes unsent and the kernel has not reported room since.
  public func flushUnlessBlocked() {
    announceFlush()
    guard !isBlocked else { return }
    if loop.isEnding { return writeOut(limit: .max) }
    if writtenInBatch.batch != loop.batchCount { writtenInBatch = (loop.batchCount, 0) }
    writeOut(limit: Self.writesPerBatch - writtenInBatch.count)
  }

  private func announceFlush() {
    if isOpen, isFlushDue { handler.streamWillFlush(self) }
    isFlushDue = false
  }

  private func writeOut(limit: Int) {
    guard isOpen else { return }
    guard refusal == 0 else { return close(.readFailed(IOError("watch", call: .watch, code: refusal))) }
    guard output.count > 0 else { return updateInterest() }
    do throws(IOError) {
      let count = try output.write(to: descriptor, limit: limit)
      writtenInBatch.count += count
      bytesSent += UInt64(count)
    } catch {
      // The other end may have sent its reason before it closed: read it first.
      if !isDelivering, closesWhenDrained == nil { readSome(endsStream: false) }
      return close(.writeFailed(error))
    }
    isBlocked = output.count > 0
    updateInterest()
    guard output.count == 0 else { return }
    if let reason = closesWhenDrained { return close(.closed(reason)) }
    handler.streamDidDrain(self)
  }

  /// Schedules a flush for the end of the current batch.
  public func flushSoon() {
    isFlushDue = true
    guard !isListed else { return }
    isListed = true
    loop.flushAtBatchEnd(self)
  }

  /// Flushes because the batch has been handled.
  func flushAtBatchEnd() {
    isListed = false
    flushUnlessBlocked()
  }

  private func updateInterest() {
    guard isOpen else { return }
    let reads = !isPaused && closesWhenDrained == nil
    var interest: Readiness = []
    if let gate { watch(reads, by: gate) } else if reads { interest.insert(.readable) }
    if output.count > 0, isBlocked || !isFlushDue { interest.insert(.writable) }
    guard watcher != nil || !interest.isEmpty else { return }
    if watcher == nil {
      watcher = DescriptorWatcher(descriptor, on: loop) { [unowned self] events in
        if events.contains(.readable) { readSome() }
        if events.contains(.writable), isOpen {
          isBlocked = false
          flushUnlessBlocked()
        }
      }
    }
    watcher?.watch(for: interest)
  }

  private func watch(_ reads: Bool, by gate: ReadGate) {
    guard reads != isAdmitted else { return }
    isAdmitted = reads
    guard reads else { return gate.dismiss(self) }
    do throws(IOError) {
      try gate.admit(self)
    } catch {
      isAdmitted = false
      refusal = error.code
      // The handler must not be called from within its own call.
      flushSoon()
    }
  }

  /// Stops watching and closes the descriptor.
  private func release() {
    guard isOpen else { return }
    if isAdmitted { gate?.dismiss(self) }
    watcher?.cancel()
    Glibc.close(descriptor)
    descriptor = -1
  }

  private enum ReadOutcome {
    /// Fewer bytes came than there was room for, and have been delivered.
    case short
    /// The read filled the room.
    case full
    /// There was nothing to read, or the stream is closed.
    case nothing
  }

  /// Reads available bytes, at most `readsPerBatch` times.
  ///
  /// - Parameter endsStream: whether to close the stream at its end or on an error.
  func readSome(endsStream: Bool = true) {
    for _ in 0..<Self.readsPerBatch {
      guard isOpen, !isPaused, gate?.isOpen != false else { break }
      guard readOnce(limit: .max, endsStream: endsStream) == .full else { break }
    }
    if isOpen { input.park() }
  }

  /// Reads the bytes that have arrived, in at most 64 reads, even if reading is suspended. Call it before
  /// closing.
  public func drainInput() {
    for _ in 0..<64 where isOpen {
      guard readOnce(limit: .max, endsStream: false) == .full else { return }
    }
  }

  /// Reads at a gate until a share is used; returns whether more bytes may be there.
  ///
  /// - Parameters:
  ///   - share: the cost at which to stop. The last read may exceed it.
  ///   - limit: most bytes of one read.
  ///   - isBulk: whether to read more than once, and to read the rest of a message of known length in one
  ///     read.
  ///   - toEnd: whether bytes may be left after a read that did not fill its room.
  func readShare(_ share: Int, limit: Int, isBulk: Bool, toEnd: Bool) -> Bool {
    var isMore = true
    repeat {
      let rest = isBulk ? min(expectedCount - input.count, Self.longestRead) : 0
      switch readOnce(limit: max(limit, rest), endsStream: true) {
      case .short: isMore = toEnd
      case .full: break
      case .nothing: isMore = false
      }
    } while isMore && isBulk && charged < share && isOpen && !isPaused && gate?.isOpen == true
    if isOpen { input.park() }
    return isMore
  }

  /// Adds to the stream's cost at its gate, besides the bytes consumed (`ReadGate.messageCost`).
  public func charge(_ cost: Int) { charged += cost }

  /// Returns the cost since the last call, and resets it.
  func takeCharge() -> Int {
    defer { charged = 0 }
    return charged
  }

  private func readOnce(limit: Int, endsStream: Bool) -> ReadOutcome {
    let room = input.room(expected: expectedCount)
    let wanted = min(room.count, limit)
    while true {
      var stamp: UInt64 = 0
      let count =
        isStamped
        ? netmine_receive(descriptor, room.baseAddress, wanted, &stamp)
        : read(descriptor, room.baseAddress, wanted)
      if count > 0 {
        input.fill(count)
        bytesReceived += UInt64(count)
        charged += count / 4
        deliver(at: stamp != 0 ? stamp : Clock.now())
        return count < wanted ? .short : .full
      }
      if count < 0, errno == EINTR { continue }
      guard endsStream else { return .nothing }
      if count == 0 {
        close(.endOfStream)
      } else if errno != EAGAIN && errno != EWOULDBLOCK {
        close(.readFailed(IOError("read", call: .read)))
      }
      return .nothing
    }
  }

  private func deliver(at time: UInt64) {
    guard let slice = input.slice else { return }
    isDelivering = true
    let consumed = handler.stream(self, received: slice, at: time)
    isDelivering = false
    charged += consumed
    if isOpen { input.consume(consumed) }
  }
}
