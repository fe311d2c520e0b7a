import Bytes
import CLibEV
import Glibc

/// Why a stream is closed.
public enum CloseReason: Equatable, CustomStringConvertible {
  /// The other end closed it in order.
  case endOfStream
  /// A read failed.
  case readFailed(IOError)
  /// A write failed.
  case writeFailed(IOError)
  /// We closed it; says why.
  case closed(String)

  /// The reason in words.
  public var description: String {
    switch self {
    case .endOfStream: "closed by the other end"
    case .readFailed(let error), .writeFailed(let error): error.description
    case .closed(let reason): reason
    }
  }
}

/// Handles what happens on a stream.
public protocol ByteStreamHandler: AnyObject {
  /// Gets all bytes received and not yet consumed; returns how many of them it has consumed.
  ///
  /// It is called again when more has arrived, with what was left. `slice` may be kept.
  func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int

  /// The batch has been handled and what was written is about to go to the kernel; more may be written now.
  func streamWillFlush(_ stream: ByteStream)

  /// Everything written has been handed to the kernel.
  func streamDidDrain(_ stream: ByteStream)

  /// The stream is closed; the last call, made exactly once.
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

  /// How long the unconsumed bytes will become once the message they begin is whole, as far as known:
  /// sets how much room the next read has.
  public var expectedCount = 0

  /// Bytes read so far.
  public private(set) var bytesReceived: UInt64 = 0

  /// Bytes handed to the kernel so far.
  public private(set) var bytesSent: UInt64 = 0

  private let loop: EventLoop
  // Not weak: a weak reference makes each retain and release of its object slow. Whoever handles a stream owns it, and
  // nothing else keeps one that is open.
  private unowned let handler: any ByteStreamHandler
  /// Of what the gate does not watch; nil until it is needed.
  private var watcher: DescriptorWatcher?
  private var input: ReadBuffer
  private var output: WriteQueue
  /// How much has been handed to the kernel in the loop's batch that is being handled, and which that is.
  private var writtenInBatch = (batch: UInt64.max, count: 0)
  private var isFlushDue = false
  /// Whether the loop flushes it when the batch has been handled; it may have been flushed before.
  private var isListed = false
  private var isBlocked = false
  private var isDelivering = false
  private var closesWhenDrained: String?
  private let isStamped: Bool
  private let gate: ReadGate?
  private var isAdmitted = false
  /// What it has cost since the gate last asked.
  private var charged = 0
  /// The system's number of what kept the gate from watching it; 0 for nothing.
  private var refusal: Int32 = 0

  /// Whether reading is suspended.
  public private(set) var isPaused = false

  /// Where its handler is.
  var handlerAddress: UnsafeMutableRawPointer { Unmanaged.passUnretained(handler as AnyObject).toOpaque() }

  /// Most bytes of an unconsumed rest that is kept in memory of its own size, not in the chunk it was read into.
  public static var parkingLimit: Int { ReadBuffer.parkingLimit }

  /// Most reads of one stream in one batch, so that a fast one leaves time for the rest.
  private static let readsPerBatch = 4

  /// Most bytes that are handed to the kernel in one batch, so that the others' turns come: where the other end reads
  /// meanwhile, the kernel takes more and more.
  private static let writesPerBatch = 1 << 20

  /// Most bytes that are read at once at a gate.
  private static let longestRead = 256 << 10

  /// Takes over a connected descriptor and starts to read from it.
  ///
  /// - Parameters:
  ///   - isStamped: whether times of receipt are the kernel's where it gives them; otherwise they are the
  ///     clock's right after the read.
  ///   - gate: what it is read from only while that is open.
  ///   - handler: not kept alive; it is to own the stream, so that neither outlives the other.
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

  /// Whether it has not been closed.
  public var isOpen: Bool { descriptor >= 0 }

  /// Bytes written and not yet handed to the kernel.
  public var unsentCount: Int { output.count }

  /// Bytes written so far.
  public var writtenCount: UInt64 { bytesSent + UInt64(output.count) }

  /// How many bytes the chunks have that what is unsent keeps alive, but for those kept for many.
  public var heldCount: Int { output.heldCount }

  /// Bytes of the memory that what was read and not consumed is in.
  public var unconsumedHeldCount: Int { input.heldCount }

  /// A copy of some of what is unsent.
  ///
  /// - Parameter range: where, from the first byte that is unsent.
  public func unsentBytes(_ range: Range<Int>) -> [UInt8] { output.bytes(range) }

  /// Forgets what is unsent but for the first `kept` bytes.
  public func dropUnsent(keeping kept: Int) { output.truncate(to: kept) }

  /// Writes a copy of bytes, in order, when the current batch has been handled; does nothing once closed.
  public func write(_ bytes: UnsafeRawBufferPointer) {
    guard isOpen else { return }
    output.append(bytes)
    flushSoon()
  }

  /// Writes a copy of bytes.
  public func write(_ bytes: [UInt8]) { bytes.withUnsafeBytes { write($0) } }

  /// Writes bytes by reference.
  public func write(_ slice: ChunkSlice) {
    guard isOpen else { return }
    output.append(slice)
    flushSoon()
  }

  /// Suspends reading; what the other end sends fills the kernel's buffers, then stops it.
  public func pause() {
    isPaused = true
    updateInterest()
  }

  /// Takes reading up again, and first offers again what had been left unconsumed.
  public func resume() {
    guard isPaused else { return }
    isPaused = false
    updateInterest()
    // The handler may resume from within its own call: it has seen what there is.
    if input.count > 0, !isDelivering { deliver(at: Clock.now()) }
  }

  /// Closes at once; what is unsent is lost. Does nothing the second time.
  public func close(_ reason: CloseReason) {
    guard isOpen else { return }
    release()
    input.clear()
    output.clear()
    loop.retire(self)
    handler.stream(self, closedFor: reason)
  }

  /// Closes once everything written has been handed to the kernel; reads nothing more.
  public func closeAfterWriting(_ reason: String) {
    guard isOpen else { return }
    guard output.count > 0 else { return close(.closed(reason)) }
    closesWhenDrained = reason
    updateInterest()
  }

  /// Hands as much as possible to the kernel now.
  public func flush() {
    announceFlush()
    writeOut(limit: .max)
  }

  /// Hands to the kernel what it takes, up to what is left of the batch's bound, unless it took less than everything the
  /// last time and has not said since that it takes more.
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
      // What the other end said before it went, such as why, is still to be read.
      if !isDelivering, closesWhenDrained == nil { readSome(endsStream: false) }
      return close(.writeFailed(error))
    }
    isBlocked = output.count > 0
    updateInterest()
    guard output.count == 0 else { return }
    if let reason = closesWhenDrained { return close(.closed(reason)) }
    handler.streamDidDrain(self)
  }

  /// Flushes when the current batch has been handled.
  public func flushSoon() {
    isFlushDue = true
    guard !isListed else { return }
    isListed = true
    loop.flushAtBatchEnd(self)
  }

  /// The batch has been handled.
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
      // The handler may not be told from within its own call.
      flushSoon()
    }
  }

  /// Lets go of the descriptor.
  private func release() {
    guard isOpen else { return }
    if isAdmitted { gate?.dismiss(self) }
    watcher?.cancel()
    Glibc.close(descriptor)
    descriptor = -1
  }

  private enum ReadOutcome {
    /// Less came than there was room for, and has been delivered.
    case short
    /// As much came as there was room for.
    case full
    /// Nothing is there, or the stream is closed.
    case nothing
  }

  /// Reads what is there, up to a bound.
  ///
  /// - Parameter endsStream: whether the stream is closed if there is nothing more to come.
  func readSome(endsStream: Bool = true) {
    for _ in 0..<Self.readsPerBatch {
      guard isOpen, !isPaused, gate?.isOpen != false else { break }
      guard readOnce(limit: .max, endsStream: endsStream) == .full else { break }
    }
    if isOpen { input.park() }
  }

  /// Reads what has come, up to some megabytes, whether or not reading is suspended: before it is closed.
  public func drainInput() {
    for _ in 0..<64 where isOpen {
      guard readOnce(limit: .max, endsStream: false) == .full else { return }
    }
  }

  /// Reads at a gate until a share is used; returns whether more may be there.
  ///
  /// - Parameters:
  ///   - share: what it may cost, unless what is read at once costs more.
  ///   - limit: most bytes to be read at once.
  ///   - isBulk: whether it may read more than once, and at once the rest of a message whose length is known.
  ///   - toEnd: whether something may be left although less came than there was room for.
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

  /// Counts what the stream costs besides the bytes that are consumed, for the gate that it is read at
  /// (`ReadGate.messageCost`).
  public func charge(_ cost: Int) { charged += cost }

  /// Takes what the stream has cost since this was last asked.
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
