import CLibEV
import Glibc

// The one file in which C callbacks find their Swift owners. Each watcher owns its heap-stable libev
// structure. A callback finds the watcher through the structure's `data`, unretained: a watcher is cancelled
// before it is freed, so libev never calls for a freed one.

/// The directions in which a descriptor is ready.
public struct Readiness: OptionSet, Sendable {
  /// libev's bits.
  public let rawValue: Int32

  /// Creates a set from libev's bits.
  public init(rawValue: Int32) { self.rawValue = rawValue }

  /// Bytes, an end or an error can be read.
  public static let readable = Readiness(rawValue: Int32(EV_READ))

  /// There is room to write, a connect has ended, or a write will return an error.
  public static let writable = Readiness(rawValue: Int32(EV_WRITE))
}

/// Reports when a descriptor is readable or writable.
public final class DescriptorWatcher {
  private let loop: EventLoop
  private let watcher = UnsafeMutablePointer<ev_io>.allocate(capacity: 1)
  private let handle: (Readiness) -> Void

  /// The events that are reported; empty at first.
  public private(set) var interest: Readiness = []

  /// Creates a watcher of `descriptor` that reports nothing yet.
  public init(_ descriptor: Int32, on loop: EventLoop, handle: @escaping (Readiness) -> Void) {
    self.loop = loop
    self.handle = handle
    netmine_ev_io_init(
      watcher,
      { _, watcher, events in
        let owner = Unmanaged<DescriptorWatcher>.fromOpaque(watcher!.pointee.data).takeUnretainedValue()
        owner.handle(Readiness(rawValue: events).intersection(owner.interest))
      },
      descriptor,
      0
    )
    watcher.pointee.data = Unmanaged.passUnretained(self).toOpaque()
  }

  deinit {
    cancel()
    watcher.deallocate()
  }

  /// Changes the events to report.
  public func watch(for interest: Readiness) {
    guard interest != self.interest else { return }
    self.interest = interest
    ev_io_stop(loop.raw, watcher)
    guard !interest.isEmpty else { return }
    watcher.pointee.events = interest.rawValue | Int32(EV__IOFDSET)
    ev_io_start(loop.raw, watcher)
  }

  /// Ends all reports. Call it before closing the descriptor.
  public func cancel() {
    interest = []
    ev_io_stop(loop.raw, watcher)
  }
}

/// Fires after an amount of time on the monotonic clock.
public final class TimerWatcher {
  private let loop: EventLoop
  private let watcher = UnsafeMutablePointer<ev_timer>.allocate(capacity: 1)
  private let handle: () -> Void

  /// Creates a stopped timer.
  public init(on loop: EventLoop, handle: @escaping () -> Void) {
    self.loop = loop
    self.handle = handle
    netmine_ev_timer_init(
      watcher,
      { _, watcher, _ in
        Unmanaged<TimerWatcher>.fromOpaque(watcher!.pointee.data).takeUnretainedValue().handle()
      },
      0,
      0
    )
    watcher.pointee.data = Unmanaged.passUnretained(self).toOpaque()
  }

  deinit {
    cancel()
    watcher.deallocate()
  }

  /// Whether the timer is running.
  public var isRunning: Bool { watcher.pointee.active != 0 }

  /// Fires once after `seconds`, then every `interval` seconds if that is not 0. Replaces an earlier start.
  public func start(after seconds: Double, every interval: Double = 0) {
    cancel()
    ev_now_update(loop.raw)
    watcher.pointee.at = max(0, seconds)
    watcher.pointee.repeat = interval
    ev_timer_start(loop.raw, watcher)
  }

  /// Stops the timer.
  public func cancel() { ev_timer_stop(loop.raw, watcher) }
}

/// Fires at wall-clock times: every whole multiple of an interval, also after the clock was set.
public final class PeriodicWatcher {
  private let loop: EventLoop
  private let watcher = UnsafeMutablePointer<ev_periodic>.allocate(capacity: 1)
  private let handle: () -> Void

  /// Starts firing whenever the Unix time is `offset` seconds past a multiple of `interval` seconds.
  public init(every interval: Double, offset: Double = 0, on loop: EventLoop, handle: @escaping () -> Void) {
    self.loop = loop
    self.handle = handle
    netmine_ev_periodic_init(
      watcher,
      { _, watcher, _ in
        Unmanaged<PeriodicWatcher>.fromOpaque(watcher!.pointee.data).takeUnretainedValue().handle()
      },
      offset,
      interval
    )
    watcher.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    ev_periodic_start(loop.raw, watcher)
  }

  deinit {
    cancel()
    watcher.deallocate()
  }

  /// Stops firing.
  public func cancel() { ev_periodic_stop(loop.raw, watcher) }
}

/// Reports when the process gets a signal.
public final class SignalWatcher {
  private let loop: EventLoop
  private let watcher = UnsafeMutablePointer<ev_signal>.allocate(capacity: 1)
  private let handle: () -> Void

  /// Starts reporting signal `number`. Its default action no longer happens.
  ///
  /// It also unblocks the signal in this thread: the program may have been started with it blocked, and libev
  /// does not unblock it.
  public init(_ number: Int32, on loop: EventLoop, handle: @escaping () -> Void) {
    self.loop = loop
    self.handle = handle
    netmine_ev_signal_init(
      watcher,
      { _, watcher, _ in
        Unmanaged<SignalWatcher>.fromOpaque(watcher!.pointee.data).takeUnretainedValue().handle()
      },
      number
    )
    watcher.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    ev_signal_start(loop.raw, watcher)
    // A thread that blocks all signals, such as Dispatch's, passes its mask on to the programs it starts.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, number)
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  deinit {
    cancel()
    watcher.deallocate()
  }

  /// Ends all reports and restores the signal's default action.
  public func cancel() { ev_signal_stop(loop.raw, watcher) }
}

/// Fires in each loop iteration, before all other watchers, and keeps the loop from sleeping while it runs.
final class TurnWatcher {
  private let loop: EventLoop
  private let watcher = UnsafeMutablePointer<ev_idle>.allocate(capacity: 1)
  private let handle: () -> Void

  /// Creates a stopped watcher.
  init(on loop: EventLoop, handle: @escaping () -> Void) {
    self.loop = loop
    self.handle = handle
    netmine_ev_idle_init(watcher) { _, watcher, _ in
      Unmanaged<TurnWatcher>.fromOpaque(watcher!.pointee.data).takeUnretainedValue().handle()
    }
    watcher.pointee.data = Unmanaged.passUnretained(self).toOpaque()
  }

  deinit {
    cancel()
    watcher.deallocate()
  }

  /// Whether the watcher is running.
  var isRunning: Bool { watcher.pointee.active != 0 }

  /// Fires from the next iteration on.
  func start() { ev_idle_start(loop.raw, watcher) }

  /// Stops firing.
  func cancel() { ev_idle_stop(loop.raw, watcher) }
}

/// Calls the loop's `endBatch` when a batch has been handled, right before the loop would wait.
final class BatchEndWatcher {
  private unowned let loop: EventLoop
  private let raw: OpaquePointer
  private let watcher = UnsafeMutablePointer<ev_prepare>.allocate(capacity: 1)

  init(on loop: EventLoop) {
    self.loop = loop
    raw = loop.raw
    netmine_ev_prepare_init(watcher) { _, watcher, _ in
      let owner = Unmanaged<BatchEndWatcher>.fromOpaque(watcher!.pointee.data).takeUnretainedValue()
      owner.loop.endBatch()
    }
    watcher.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    ev_prepare_start(raw, watcher)
  }

  deinit { watcher.deallocate() }

  /// Stops the calls. The loop's deinitialiser calls this, when the loop can no longer be referenced.
  func cancel() { ev_prepare_stop(raw, watcher) }
}
