import CAllocations
import Glibc

/// A piece of work to measure.
struct Work {
  /// Its name: the command and the operation.
  let name: String

  /// The messages per round.
  let messages: Int

  /// The bytes of these messages.
  let bytes: Int

  /// Runs one round, and returns a number that depends on all of it, so that the optimiser cannot remove any
  /// part.
  let round: () -> UInt64
}

/// The cost of a work.
struct Measurement {
  /// The median of the processor time per message, in nanoseconds.
  let processorTime: Double

  /// The smallest and the largest sample of the processor time per message, in nanoseconds.
  let range: ClosedRange<Double>

  /// The median of the wall time per message, in nanoseconds.
  let wallTime: Double

  /// Allocations per message; nil if they were not counted.
  let allocations: Double?
}

/// Measures works in turns, so that other load on the machine affects all of them alike.
struct Meter {
  /// The approximate time of one sample of one work, in seconds.
  var sampleTime = 0.05

  /// The number of samples of each work.
  var samples = 9

  /// Measures a group of works, one sample of each in turn.
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

  /// The middle value.
  static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

  /// The number of rounds that take as long as a sample.
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

/// Consumes a result, so that the optimiser does not remove its computation.
@inline(never)
func sink(_ value: UInt64) { withExtendedLifetime(value) {} }
