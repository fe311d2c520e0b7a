import ArgumentParser
import EventLoop

/// `bench burner`: keeps a processor busy until its stdin ends, for ten minutes at most.
struct Burner: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "burner", shouldDisplay: false)

  func run() throws {
    let end = Clock.monotonic() + 600_000_000_000
    let loop = EventLoop()
    let input = DescriptorWatcher(0, on: loop) { _ in loop.stop() }
    input.watch(for: .readable)
    let timer = TimerWatcher(on: loop) {
      let pause = Clock.monotonic() + 50_000_000
      while Clock.monotonic() < pause {}
      if pause > end { loop.stop() }
    }
    timer.start(after: 0, every: 0.0001)
    loop.run()
  }
}
