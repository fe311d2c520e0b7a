import ArgumentParser
import Foundation
import JSON

/// `bench log`: measures the log server, compared with a bare relay.
struct LogBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log",
    abstract: "Measure the log server's data path, compared with a bare relay in the same run.",
    discussion: """
      A source, the log server and each reader are separate processes. The relay is one process that copies \
      a unix stream to as many readers in chunks of 64 KiB: the physical limit. Both are measured in turns; \
      figures are medians. "cpu" is the log server's processor time per incoming record in microseconds (the \
      same as seconds per million records); "ratio" is its throughput divided by the relay's.
      """
  )

  @Option(help: "Samples of each work.")
  var samples = 5

  @Option(help: "Approximate seconds per sample.")
  var seconds = 0.5

  @Option(help: "Measure only works whose name contains this.")
  var only = ""

  @Flag(help: "Print JSON, one object per line.")
  var json = false

  func run() throws {
    if !json { LogReport.printHeading() }
    for work in works where only.isEmpty || work.name.contains(only) { try measure(work).print(json: json) }
  }

  /// A load to measure.
  struct Work {
    let name: String
    var payload = 37
    let readers: [LogRun.Reader]
    /// The approximate number of records per second.
    var rate: Double
    var pace = 0
    var settings: [String] = []
    var hasRelay = true
    var isCoinscope = false
  }

  private var works: [Work] {
    let one: [LogRun.Reader] = [.everything]
    let eight = [LogRun.Reader](repeating: .everything, count: 8)
    let narrow = (0..<8).map { LogRun.Reader.command($0) }
    return [
      Work(name: "checked 37 B", readers: [.check, .check], rate: 1e6, hasRelay: false),
      Work(
        name: "checked 100 KiB",
        payload: 100 << 10,
        readers: [.check, .check],
        rate: 4e3,
        hasRelay: false
      ),
      Work(name: "37 B to 1", readers: one, rate: 2e7),
      Work(name: "37 B to 8", readers: eight, rate: 4e6),
      Work(name: "1 KiB to 1", payload: 1 << 10, readers: one, rate: 2e6),
      Work(name: "1 KiB to 8", payload: 1 << 10, readers: eight, rate: 4e5),
      Work(name: "100 KiB to 1", payload: 100 << 10, readers: one, rate: 2e4),
      Work(name: "100 KiB to 8", payload: 100 << 10, readers: eight, rate: 4e3),
      Work(name: "37 B to none", readers: [], rate: 2e7, hasRelay: false),
      Work(
        name: "37 B, 8 who want none",
        readers: Array(repeating: .nothing, count: 8),
        rate: 1e7,
        hasRelay: false
      ),
      Work(name: "37 B, 8 who want 1/1024", readers: narrow, rate: 1e7, hasRelay: false),
      Work(name: "37 B to 1 of coinscope's", readers: [.coinscope], rate: 1e7, hasRelay: false),
      Work(
        name: "37 B to 8 of coinscope's",
        readers: Array(repeating: .coinscope, count: 8),
        rate: 2e6,
        hasRelay: false
      ),
      Work(
        name: "coinscope's 37 B to its 1",
        readers: [.coinscope],
        rate: 1e7,
        hasRelay: false,
        isCoinscope: true
      ),
      Work(
        name: "37 B to 8 at 1 million/s",
        readers: eight,
        rate: 1e6,
        pace: 1_000_000,
        hasRelay: false
      ),
      Work(
        name: "37 B to 1 beside a stuck one",
        readers: one + [.stuck],
        rate: 2e7,
        settings: ["logger.max_buffer=67108864"],
        hasRelay: false
      ),
      Work(
        name: "37 B to 1 beside 8 stuck",
        readers: one + Array(repeating: .stuck, count: 8),
        rate: 1e7,
        settings: ["logger.max_buffer=67108864", "logger.max_total_buffer=134217728"],
        hasRelay: false
      ),
      Work(name: "100,000/s to 1", readers: [.latency], rate: 1e5, pace: 100_000, hasRelay: false),
    ]
  }

  private func measure(_ work: Work) throws -> LogReport {
    // Full periods of the rare commands, so that each reader gets the same number.
    let period = RecordBlock.rarity * RecordBlock.commandCount
    let records = max(period, Int(work.rate * seconds) / period * period)
    let load = Load(payload: work.payload, records: records)
    var ours: [LogRun.Result] = []
    var relays: [LogRun.Result] = []
    for _ in 0..<max(1, samples) {
      let run = LogRun(
        load: load,
        readers: work.readers,
        pace: work.pace,
        settings: work.settings,
        isCoinscope: work.isCoinscope
      )
      ours.append(try run.run())
      if work.hasRelay { relays.append(try LogRun(middle: .relay, load: load, readers: work.readers).run()) }
    }
    return LogReport(name: work.name, load: load, ours: ours, relays: relays)
  }
}
