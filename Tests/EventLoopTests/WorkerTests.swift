import EventLoop
import Glibc
import Testing

@Suite struct WorkerTests {
  @Test func doesJobsInOrderWithoutStoppingTheLoop() {
    let loop = EventLoop()
    let worker = Worker(on: loop, niceness: 5)
    #expect(worker.isIdle)
    var results: [Int] = []
    var ticks = 0
    let timer = TimerWatcher(on: loop) { ticks += 1 }
    timer.start(after: 0, every: 0.005)
    for number in 1...3 {
      worker.run {
        usleep(40_000)
        return number
      } then: {
        results.append($0)
        if $0 == 3 { loop.stop() }
      }
    }
    #expect(!worker.isIdle)
    loop.run()
    #expect(results == [1, 2, 3])
    #expect(worker.isIdle)
    #expect(ticks > 5)
  }

  @Test func canBeWaitedFor() {
    let worker = Worker(on: EventLoop())
    var results: [Bool] = []
    let thread = pthread_self()
    for _ in 0..<2 {
      worker.run {
        pthread_equal(pthread_self(), thread) == 0
      } then: {
        results.append($0)
      }
    }
    worker.drain()
    #expect(results == [true, true])
    worker.drain()
  }

  @Test func finishesItsJobsBeforeItIsGone() {
    final class Count: @unchecked Sendable { var value = 0 }
    let count = Count()
    do {
      let worker = Worker(on: EventLoop())
      for _ in 0..<3 {
        worker.run {
          usleep(1000)
          count.value += 1
        } then: { _ in
          Issue.record("completed after the worker was freed")
        }
      }
    }
    #expect(count.value == 3)
  }
}
