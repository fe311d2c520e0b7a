import Bytes
import CLibEV
import Glibc
import Synchronization

/// A thread for slow jobs, such as waiting for a disk. Results come back to the loop's thread.
///
/// Jobs run one after another, in order. Everything but the jobs themselves happens on the loop's thread.
public final class Worker {
  /// State shared by both threads.
  private final class Shared: Sendable {
    let jobs = Mutex<[@Sendable () -> Void]>([])
    /// Counts jobs for the thread, and wakes it. A count without a job ends the thread.
    let orders = netmine_eventfd(1)
    /// Counts finished jobs, and wakes the loop.
    let results = netmine_eventfd(0)
    let niceness: Int32

    init(niceness: Int32) {
      self.niceness = niceness
      precondition(orders >= 0 && results >= 0, "no event descriptors: \(IOError("eventfd"))")
    }

    deinit {
      close(orders)
      close(results)
    }

    func work() {
      // On Linux the niceness belongs to the thread.
      if niceness != 0 { setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, niceness) }
      while true {
        var count: UInt64 = 0
        while read(orders, &count, 8) != 8 {}
        let job = jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        guard let job else { return }
        job()
        Self.signal(results)
      }
    }

    static func signal(_ descriptor: Int32) {
      var one: UInt64 = 1
      while write(descriptor, &one, 8) != 8 {}
    }
  }

  private let shared: Shared
  private var thread: pthread_t?
  private var watcher: DescriptorWatcher?
  private var completions: [() -> Void] = []

  /// Creates a worker. Its thread starts with the first job.
  ///
  /// - Parameter niceness: niceness of the thread, 0 … 19; higher yields more to other threads.
  public init(on loop: EventLoop, niceness: Int32 = 0) {
    shared = Shared(niceness: niceness)
    watcher = DescriptorWatcher(shared.results, on: loop) { [unowned self] _ in complete() }
    watcher?.watch(for: .readable)
  }

  /// Waits for the remaining jobs and drops their results.
  deinit {
    watcher?.cancel()
    guard let thread else { return }
    Shared.signal(shared.orders)
    pthread_join(thread, nil)
  }

  /// Whether all jobs are finished and their results handled.
  public var isIdle: Bool { completions.isEmpty }

  /// Runs `job` on the worker's thread, then `completion` with its result on the loop's thread.
  public func run<Result: Sendable>(
    _ job: @escaping @Sendable () -> Result,
    then completion: @escaping (Result) -> Void
  ) {
    let holder = Holder<Result>()
    shared.jobs.withLock { $0.append { holder.value.withLock { $0 = job() } } }
    completions.append { completion(holder.value.withLock { $0! }) }
    startThread()
    Shared.signal(shared.orders)
  }

  /// Waits until all jobs are finished and their results handled.
  public func drain() {
    while !completions.isEmpty { complete() }
  }

  private final class Holder<Value: Sendable>: Sendable {
    let value = Mutex<Value?>(nil)
  }

  /// Handles the results that are there; waits if there is none yet.
  private func complete() {
    var count: UInt64 = 0
    guard !completions.isEmpty, read(shared.results, &count, 8) == 8 else { return }
    for _ in 0..<count where !completions.isEmpty { completions.removeFirst()() }
  }

  private func startThread() {
    guard thread == nil else { return }
    // Signals are for the loop's thread only.
    var all = sigset_t()
    var former = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &former)
    defer { pthread_sigmask(SIG_SETMASK, &former, nil) }
    var thread = pthread_t()
    let status = pthread_create(
      &thread,
      nil,
      { argument in
        Unmanaged<Shared>.fromOpaque(argument!).takeRetainedValue().work()
        return nil
      },
      Unmanaged.passRetained(shared).toOpaque()
    )
    precondition(status == 0, "no thread: \(IOError("pthread_create", code: status))")
    self.thread = thread
  }
}
