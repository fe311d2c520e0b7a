import Foundation
import JSON

/// The cost of reading an archive, with the cost of the programs it is compared with.
struct FilesReport {
  let work: String
  let isCompressed: Bool
  /// Bytes of the archive, decompressed.
  let bytes: Int
  let records: Int
  /// The runs of `cat` or `zstd`.
  let floor: [FilesRun]
  let ours: [FilesRun]
  /// The runs of the other program; empty if there is none.
  let theirs: [FilesRun]

  private func median(_ runs: [FilesRun], _ value: (FilesRun) -> Double) -> Double? {
    runs.isEmpty ? nil : Meter.median(runs.map(value))
  }

  /// Bytes of the archive per second, decompressed.
  private func throughput(_ runs: [FilesRun]) -> Double? { median(runs) { Double(bytes) / $0.seconds } }

  static func printHeading() {
    emit(
      row(["work", "archive", "MB/s", "cpu s", "peak MB", "of cat", "beside MB/s", "beside cpu s", "times"])
    )
  }

  func print(json: Bool) {
    let speed = throughput(ours)!
    let floorSpeed = throughput(floor)!
    let theirSpeed = throughput(theirs)
    let processorTime = median(ours, \.processorTime)!
    let theirProcessorTime = median(theirs, \.processorTime)
    let memory = ours.map(\.memory).max()!
    guard json else {
      let cells = [
        work, isCompressed ? "zstd" : "plain", Self.number(speed / 1e6, 0), Self.number(processorTime, 2),
        Self.number(memory / 1e6, 0), Self.number(speed / floorSpeed, 3),
        theirSpeed.map { Self.number($0 / 1e6, 0) } ?? "",
        theirProcessorTime.map { Self.number($0, 2) } ?? "",
        theirSpeed.map { Self.number(speed / $0, 2) } ?? "",
      ]
      return emit(Self.row(cells))
    }
    var json = JSONWriter()
    json.member("work", work)
    json.member("compressed", isCompressed)
    json.member("bytes", bytes)
    json.member("records", records)
    json.member("samples", ours.count)
    json.member("bytes_per_second", speed)
    json.member("cpu_seconds", processorTime)
    json.member("peak_memory_bytes", memory)
    json.member("floor", isCompressed ? "zstd -d" : "cat")
    json.member("floor_bytes_per_second", floorSpeed)
    json.member("ratio_to_floor", speed / floorSpeed)
    json.member("beside_bytes_per_second", theirSpeed)
    json.member("beside_cpu_seconds", theirProcessorTime)
    json.member("ratio_to_beside", theirSpeed.map { speed / $0 })
    emit(String(decoding: json.finish(), as: UTF8.self))
  }

  private static func row(_ cells: [String]) -> String {
    zip(cells, [7, 7, 6, 7, 7, 7, 11, 12, 6]).enumerated().map { index, cell in
      let padding = String(repeating: " ", count: max(0, cell.1 - cell.0.count))
      return index < 2 ? cell.0 + padding : padding + cell.0
    }.joined(separator: "  ")
  }

  private static func number(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }
}
