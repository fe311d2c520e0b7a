import CAllocations
import Glibc

/// Something whose cost is measured.
struct Work {
  /// What it is called: the command and what is done with it.
  let name: String

  /// How many messages one round goes through.
  let messages: Int

  /// How many bytes they have.
  let bytes: Int

  /// Does it once, and returns a number that depends on all of it, so that nothing can be left out.
  let round: () -> UInt64
}

/// What something cost.
struct Measurement {
  /// Processor time a message in nanoseconds: the median of the samples.
  let processorTime: Double

  /// The least and most of the samples.
  let range: ClosedRange<Double>

  /// Wall time a message in nanoseconds: the median of the samples.
  let wallTime: Double

  /// Allocations a message; nil where they were not counted.
  let allocations: Double?
}

/// Measures works in turns, so that whatever else the machine does hits all of them alike.
struct Meter {
  /// How long one sample of one work takes at least, in seconds.
  var sampleTime = 0.05

  /// How many samples of each work are taken.
  var samples = 9

  /// Measures works that belong together, a sample of each in turn.
  func measure(_ works: [Work]) -> [Measurement] {
    let rounds = works.map(calibrate)
    let allocations = works.map { work in
      let before = netmine_allocations()
      sink(work.round())
      return Double(netmine_allocations() - before) / Double(work.messages)
    }
    var processor = works.map { _ in [Double]() }
    var wall = works.map { _ in [Double]() }
    for _ in 0..<samples {
      for (index, work) in works.enumerated() {
        let start = (Self.now(CLOCK_PROCESS_CPUTIME_ID), Self.now(CLOCK_MONOTONIC))
        for _ in 0..<rounds[index] { sink(work.round()) }
        let scale = 1e9 / Double(rounds[index] * work.messages)
        processor[index].append((Self.now(CLOCK_PROCESS_CPUTIME_ID) - start.0) * scale)
        wall[index].append((Self.now(CLOCK_MONOTONIC) - start.1) * scale)
      }
    }
    return works.indices.map { index in
      Measurement(
        processorTime: Self.median(processor[index]),
        range: processor[index].min()!...processor[index].max()!,
        wallTime: Self.median(wall[index]),
        allocations: allocations[index]
      )
    }
  }

  /// The value in the middle.
  static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

  /// How many rounds take as long as a sample does.
  private func calibrate(_ work: Work) -> Int {
    var rounds = 1
    while true {
      let start = Self.now(CLOCK_PROCESS_CPUTIME_ID)
      for _ in 0..<rounds { sink(work.round()) }
      let time = Self.now(CLOCK_PROCESS_CPUTIME_ID) - start
      if time >= sampleTime / 4 { return max(1, Int(Double(rounds) * sampleTime / time)) }
      rounds *= 2
    }
  }

  private static func now(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}

/// Takes a result that nobody needs, out of the optimiser's sight.
@inline(never)
func sink(_ value: UInt64) { withExtendedLifetime(value) {} }
