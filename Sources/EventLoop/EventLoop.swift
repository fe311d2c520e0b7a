import Bytes
import CLibEV
import Glibc

/// One thread's event loop, over libev.
///
/// Everything created on a loop belongs to the thread that runs it. A batch is the set of events that one
/// loop iteration reports. After a batch the loop flushes the streams written to during it, releases the
/// objects closed during it, and waits for the next events.
public final class EventLoop {
  let raw: OpaquePointer

  /// The pool from which the loop's streams borrow their buffers.
  public let pool: ChunkPool

  private var prepare: BatchEndWatcher?
  /// Streams to flush, not retained: their owners keep them alive, and a stream removes itself when it is
  /// freed.
  private var unflushed: [Unmanaged<ByteStream>?] = []
  private var retired: [AnyObject] = []

  /// Number of batches handled so far.
  private(set) var batchCount: UInt64 = 0

  /// Whether this is the last batch.
  private(set) var isEnding = false

  /// Creates a loop with the system's best mechanism (epoll on Linux).
  ///
  /// Create it after any `fork`: a loop does not survive one.
  public init(pool: ChunkPool = ChunkPool()) {
    // Without a descriptor libev would abort.
    ev_set_syserr_cb { EventLoop.giveUp(IOError($0.map { String(cString: $0) } ?? "libev")) }
    guard let raw = ev_loop_new(UInt32(EVFLAG_AUTO) | UInt32(EVFLAG_NOENV)) else {
      Self.giveUp(IOError("create an event loop"))
    }
    self.raw = raw
    self.pool = pool
    // A write to a closed connection must fail, not end the process.
    signal(SIGPIPE, SIG_IGN)
    prepare = BatchEndWatcher(on: self)
  }

  deinit {
    prepare?.cancel()
    ev_loop_destroy(raw)
  }

  /// Ends the process with status 1. Without the refused resource, such as a descriptor, nothing works.
  static func giveUp(_ error: IOError) -> Never {
    let sentence = "cannot continue: \(error)\n"
    _ = write(STDERR_FILENO, sentence, sentence.utf8.count)
    exit(EXIT_FAILURE)
  }

  /// Handles events until `stop()` is called.
  public func run() { ev_run(raw, 0) }

  /// Handles the events that are ready, and waits for the first if there are none. For tests.
  public func runOnce() { ev_run(raw, Int32(EVRUN_ONCE)) }

  /// Sets how long the loop collects readable and writable events before it handles them, in seconds; 0
  /// disables collecting.
  ///
  /// If many streams send a little at a time, each iteration then handles more events, and they share its
  /// fixed cost.
  public func collect(for seconds: Double) { ev_set_io_collect_interval(raw, seconds) }

  /// Makes `run()` return once the current batch has been handled.
  public func stop() {
    // Flush without a limit: there may be no later batch for the remaining bytes.
    isEnding = true
    endBatch()
    isEnding = false
    ev_break(raw, Int32(EVBREAK_ALL))
  }

  /// Keeps `object` alive until the current batch has been handled, so that later events of the batch find
  /// their owner.
  public func retire(_ object: AnyObject) { retired.append(object) }

  /// Schedules a flush of `stream` for the end of the current batch.
  func flushAtBatchEnd(_ stream: ByteStream) { unflushed.append(.passUnretained(stream)) }

  /// Removes a stream from the list of streams to flush, because it is being freed.
  func forget(_ stream: ByteStream) {
    let gone = Unmanaged.passUnretained(stream).toOpaque()
    for index in unflushed.indices where unflushed[index]?.toOpaque() == gone { unflushed[index] = nil }
  }

  func endBatch() {
    // A flush may close streams, and so cause further writes or free a stream later in the list.
    var index = 0
    while index < unflushed.count {
      unflushed[index]?.takeUnretainedValue().flushAtBatchEnd()
      index += 1
    }
    unflushed.removeAll(keepingCapacity: true)
    batchCount += 1
    retired.removeAll(keepingCapacity: true)
  }
}
