import Bytes
import CLibEV
import Glibc

/// One thread's event loop, over libev.
///
/// Everything created on a loop belongs to the thread that runs it. A batch is what one turn of the loop
/// reports; when a batch has been handled the loop flushes what was written to streams during it, then
/// lets go of what was closed during it, then waits for the next.
public final class EventLoop {
  let raw: OpaquePointer

  /// Where the loop's streams borrow their buffers.
  public let pool: ChunkPool

  private var prepare: BatchEndWatcher?
  /// Streams to be flushed, which their owners keep alive; one that goes says so.
  private var unflushed: [Unmanaged<ByteStream>?] = []
  private var retired: [AnyObject] = []

  /// How many batches have been handled.
  private(set) var batchCount: UInt64 = 0

  /// Whether the batch is the last one.
  private(set) var isEnding = false

  /// Creates a loop on the best mechanism of the system (epoll on Linux).
  ///
  /// Create it after any `fork`: a loop does not survive one.
  public init(pool: ChunkPool = ChunkPool()) {
    // libev would abort where it gets no descriptor.
    ev_set_syserr_cb { EventLoop.giveUp(IOError($0.map { String(cString: $0) } ?? "libev")) }
    guard let raw = ev_loop_new(UInt32(EVFLAG_AUTO) | UInt32(EVFLAG_NOENV)) else {
      Self.giveUp(IOError("create an event loop"))
    }
    self.raw = raw
    self.pool = pool
    // A write to a stream whose other end has gone shall fail, not end the process.
    signal(SIGPIPE, SIG_IGN)
    prepare = BatchEndWatcher(on: self)
  }

  deinit {
    prepare?.cancel()
    ev_loop_destroy(raw)
  }

  /// Ends the process: nothing goes on without what the system has refused, as too few descriptors.
  static func giveUp(_ error: IOError) -> Never {
    let sentence = "cannot go on: \(error)\n"
    _ = write(STDERR_FILENO, sentence, sentence.utf8.count)
    exit(EXIT_FAILURE)
  }

  /// Handles events until `stop()` is called.
  public func run() { ev_run(raw, 0) }

  /// Handles what is ready now, waiting at most until the next event or timer; for tests.
  public func runOnce() { ev_run(raw, Int32(EVRUN_ONCE)) }

  /// How long the loop collects what becomes readable or writable before it handles it, in seconds: 0 for not at all.
  ///
  /// Where much comes, a little at a time from each of many, each turn then has more to do, and what each turn costs is
  /// shared by more.
  public func collect(for seconds: Double) { ev_set_io_collect_interval(raw, seconds) }

  /// Makes `run()` return once the current batch has been handled.
  public func stop() {
    // There may be no next batch for what is left.
    isEnding = true
    endBatch()
    isEnding = false
    ev_break(raw, Int32(EVBREAK_ALL))
  }

  /// Keeps `object` alive until the current batch has been handled, so that events still to be reported
  /// in it find their owner.
  public func retire(_ object: AnyObject) { retired.append(object) }

  /// Has `stream` flushed when the current batch has been handled.
  func flushAtBatchEnd(_ stream: ByteStream) { unflushed.append(.passUnretained(stream)) }

  /// Drops a stream that is about to go and would have been flushed.
  func forget(_ stream: ByteStream) {
    let gone = Unmanaged.passUnretained(stream).toOpaque()
    for index in unflushed.indices where unflushed[index]?.toOpaque() == gone { unflushed[index] = nil }
  }

  func endBatch() {
    // A flush may close a stream and so cause further writes, or the end of a stream that is still to be flushed.
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
