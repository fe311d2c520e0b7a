import Bytes
import Foundation

/// A program of another implementation that does the same works, so that both are measured in one run.
///
/// It is called with a work's name and a file of messages, each after its length (4 bytes little-endian). It
/// processes them for about half a second, and prints three numbers on one line: messages processed, seconds
/// of processor time, seconds of wall time. It fails if it does not know the work.
struct Rival {
  /// The program's path.
  let path: String

  /// Measures a work; returns nil if the program does not know it.
  func measure(_ work: String, file: String) throws -> Measurement? {
    var samples: [(processor: Double, wall: Double)] = []
    for _ in 0..<3 {
      let process = Process()
      let output = Pipe()
      process.executableURL = URL(fileURLWithPath: path)
      process.arguments = [work, file]
      process.standardOutput = output
      process.standardError = FileHandle.nullDevice
      try process.run()
      let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      let numbers = text.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
      guard process.terminationStatus == 0, numbers.count == 3, numbers[0] > 0 else { return nil }
      samples.append((numbers[1] / numbers[0] * 1e9, numbers[2] / numbers[0] * 1e9))
    }
    let processor = samples.map(\.processor)
    return Measurement(
      processorTime: Meter.median(processor),
      range: processor.min()!...processor.max()!,
      wallTime: Meter.median(samples.map(\.wall)),
      allocations: nil
    )
  }
}
