import Foundation
import JSON

/// The results of measuring one work.
struct LogReport {
  let name: String
  let load: Load
  let ours: [LogRun.Result]
  let relays: [LogRun.Result]

  private func median(_ results: [LogRun.Result], _ value: (LogRun.Result) -> Double) -> Double? {
    results.isEmpty ? nil : Meter.median(results.map(value))
  }

  /// Incoming records per second.
  private var rate: Double { Double(load.records) / median(ours) { $0.seconds }! }

  /// Seconds of the log server's processor time per million records.
  private var processorTime: Double { median(ours) { $0.processorTime }! / Double(load.records) * 1e6 }

  private var relayProcessorTime: Double? {
    median(relays) { $0.processorTime }.map { $0 / Double(load.records) * 1e6 }
  }

  /// Each sample is compared with the relay's next sample, so that other load on the machine affects both
  /// alike.
  private var ratio: Double? {
    relays.isEmpty ? nil : Meter.median(zip(ours, relays).map { $1.seconds / $0.seconds })
  }

  private var memory: Double { ours.map(\.memory).max()! }

  private var missing: Int { ours.map(\.missing).max()! }

  static func printHeading() {
    emit(
      row([
        "work", "records/s", "MB/s", "ratio", "cpu µs", "relay's", "peak MB", "missing", "p50 µs", "p99 µs",
      ])
    )
  }

  func print(json: Bool) {
    let bytes = rate * Double(load.recordSize)
    let late = Meter.median(ours.map(\.latency.late))
    let middle = Meter.median(ours.map(\.latency.median))
    guard json else {
      let cells = [
        name, Self.number(rate, 0), Self.number(bytes * 1e-6, 0), ratio.map { Self.number($0, 2) } ?? "",
        Self.number(processorTime, 4), relayProcessorTime.map { Self.number($0, 4) } ?? "",
        Self.number(memory / 1e6, 1), "\(missing)",
      ]
      let times = late > 0 ? [Self.number(middle / 1000, 0), Self.number(late / 1000, 0)] : ["", ""]
      emit(Self.row(cells + times))
      return
    }
    var json = JSONWriter()
    json.member("work", name)
    json.member("payload", load.payload)
    json.member("records", load.records)
    json.member("samples", ours.count)
    json.member("records_per_second", rate)
    json.member("bytes_per_second", bytes)
    json.member("ratio_to_relay", ratio)
    json.member("cpu_seconds_per_million", processorTime)
    json.member("relay_cpu_seconds_per_million", relayProcessorTime)
    json.member("peak_memory_bytes", memory)
    json.member("missing_bytes", missing)
    json.member("p50_ns", late > 0 ? middle : nil)
    json.member("p99_ns", late > 0 ? late : nil)
    emit(String(decoding: json.finish(), as: UTF8.self))
  }

  private static func row(_ cells: [String]) -> String {
    zip(cells, [29, 11, 7, 6, 8, 8, 8, 9, 7, 7]).enumerated().map { index, cell in
      let padding = String(repeating: " ", count: max(0, cell.1 - cell.0.count))
      return index == 0 ? cell.0 + padding : padding + cell.0
    }.joined(separator: "  ")
  }

  private static func number(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }
}
