import Bytes
import CLibEV
import Glibc
import Synchronization

/// A thread for what may take long, such as waiting for a disk; its results come back to the loop's thread.
///
/// Jobs are done one after another, in order. Everything but the jobs themselves happens on the loop's thread.
public final class Worker {
  /// What both threads see.
  private final class Shared: Sendable {
    let jobs = Mutex<[@Sendable () -> Void]>([])
    /// Counts jobs for the thread, and wakes it; one more than there are ends it.
    let orders = netmine_eventfd(1)
    /// Counts jobs that are done, and wakes the loop.
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
      // On Linux this is the thread's own.
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

  /// Creates a worker; its thread is started with the first job.
  ///
  /// - Parameter niceness: how far it stands back behind other threads, 0 … 19.
  public init(on loop: EventLoop, niceness: Int32 = 0) {
    shared = Shared(niceness: niceness)
    watcher = DescriptorWatcher(shared.results, on: loop) { [unowned self] _ in complete() }
    watcher?.watch(for: .readable)
  }

  /// Waits for the jobs that there are; what they return is dropped.
  deinit {
    watcher?.cancel()
    guard let thread else { return }
    Shared.signal(shared.orders)
    pthread_join(thread, nil)
  }

  /// Whether nothing is being done.
  public var isIdle: Bool { completions.isEmpty }

  /// Has a job done, and then its result taken on the loop's thread.
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

  /// Waits until all jobs are done and their results taken.
  public func drain() {
    while !completions.isEmpty { complete() }
  }

  private final class Holder<Value: Sendable>: Sendable {
    let value = Mutex<Value?>(nil)
  }

  /// Takes the results that are there; waits for one where there is none.
  private func complete() {
    var count: UInt64 = 0
    guard !completions.isEmpty, read(shared.results, &count, 8) == 8 else { return }
    for _ in 0..<count where !completions.isEmpty { completions.removeFirst()() }
  }

  private func startThread() {
    guard thread == nil else { return }
    // Signals are the loop's.
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
