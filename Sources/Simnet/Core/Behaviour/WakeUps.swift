import EventLoop

/// Wakes sessions at times of their own, up to about a minute ahead.
final class WakeUps {
  private let clock: () -> UInt64
  private var sessions = Schedule<Session>()
  private var timer: TimerWatcher?

  /// Creates an empty list.
  ///
  /// - Parameter clock: returns the time in ns since the Unix epoch.
  init(on loop: EventLoop, clock: @escaping () -> UInt64) {
    self.clock = clock
    timer = TimerWatcher(on: loop) { [unowned self] in wake() }
  }

  /// Schedules a call of the session's `wake(at:)`.
  func add(_ session: Session, at time: UInt64) {
    let isFirst = sessions.nextTime.map { time < $0 } ?? true
    sessions.add(session, at: time)
    if isFirst { arm() }
  }

  /// Drops all scheduled calls.
  func cancel() {
    timer?.cancel()
    sessions = Schedule()
  }

  private func wake() {
    let now = clock()
    while let next = sessions.nextTime, next <= now, let session = sessions.removeFirst()?.value {
      session.wake(at: now)
    }
    arm()
  }

  private func arm() {
    guard let next = sessions.nextTime else { return }
    let now = clock()
    timer?.start(after: next > now ? Double(next - now) / 1e9 : 0)
  }
}
