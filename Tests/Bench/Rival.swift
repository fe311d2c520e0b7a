import Bytes
import Foundation

/// Another implementation's program that does the same works, so that both are measured in one run.
///
/// It is called with a work's name and a file of messages, each with its length before it (4 bytes little-endian),
/// goes through them for about half a second, and prints three numbers on one line: messages gone through, seconds
/// of processor time, seconds of wall time. It fails where it does not know the work.
struct Rival {
  /// The program.
  let path: String

  /// Has it do a work; nil where it does not know it.
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
