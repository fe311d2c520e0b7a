import EventLoop
import Glibc
import Testing

@Suite struct SignalWatcherTests {
  @Test func reportsASignalThatWasBlockedAtTheStart() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGUSR1)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    let loop = EventLoop()
    var count = 0
    let watcher = SignalWatcher(SIGUSR1, on: loop) { count += 1 }
    let end = TimerWatcher(on: loop) {}
    end.start(after: 5)
    raise(SIGUSR1)
    while count == 0, end.isRunning { loop.runOnce() }
    #expect(count == 1)
    watcher.cancel()
  }
}
