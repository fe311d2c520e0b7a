import EventLoop
import Testing

@Suite struct PreciseTimerTests {
  @Test func reportsOnceWhenTheTimeHasCome() throws {
    let loop = EventLoop()
    var times: [UInt64] = []
    let timer = try PreciseTimer(on: loop) {
      times.append(Clock.monotonic())
      loop.stop()
    }
    let due = Clock.monotonic() + 300_000
    timer.start(at: due)
    loop.run()
    #expect(times.count == 1 && times[0] >= due)
    // A time that has passed fires at once.
    timer.start(at: due)
    loop.run()
    #expect(times.count == 2)
  }

  @Test func forgetsWhatItIsToldTo() throws {
    let loop = EventLoop()
    var reports = 0
    let timer = try PreciseTimer(on: loop) { reports += 1 }
    timer.start(at: Clock.monotonic() + 1_000_000)
    timer.cancel()
    let end = TimerWatcher(on: loop) { loop.stop() }
    end.start(after: 0.02)
    loop.run()
    #expect(reports == 0)
    timer.start(at: Clock.monotonic() + 3_600_000_000_000)
    timer.start(at: Clock.monotonic() + 1000)
    while reports == 0 { loop.runOnce() }
  }
}
