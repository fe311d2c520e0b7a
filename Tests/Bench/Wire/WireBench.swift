import ArgumentParser
import BitcoinWire
import Foundation

/// `bench wire`: measures framing, decoding and encoding.
struct WireBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "wire",
    abstract: "Measure framing, decoding and encoding of real messages on one core.",
    discussion: """
      Times are nanoseconds of processor time a message, the median of samples taken in turns. "decode" makes \
      values of their own, "view" goes through everything where it lies. Framing is compared with the hash that \
      the checksum takes, alone.
      """
  )

  @Option(help: "The folder of real inputs: captures, a block and a list of seeds.")
  var data: String

  @Option(
    help: """
      A program of another implementation to measure beside: called with a work's name and a file of messages \
      (each with its length before it, 4 bytes little-endian), it prints how many messages it went through in \
      half a second or so, and the seconds of processor and wall time they took.
      """
  )
  var beside: String?

  @Option(help: "Measure only groups with a work whose name begins with this.")
  var only = ""

  @Option(help: "Samples of each work.")
  var samples = 9

  @Flag(help: "Print JSON, an object a line.")
  var json = false

  func run() throws {
    let corpus = try WireCorpus(folder: data)
    let works = WireWorks(corpus: corpus)
    let meter = Meter(samples: max(1, samples))
    let commands: [Command] = [.inv, .addr, .addrv2, .tx, .block, .version]
    let groups =
      [(works.framing, corpus.streamPayloads)]
      + commands.map { (works.decoding($0), corpus.payloads[$0] ?? []) }
      + [(works.hashing, corpus.payloads[.block] ?? [])]
    let file = NSTemporaryDirectory() + "netmine-bench-\(ProcessInfo.processInfo.processIdentifier)"
    defer { try? FileManager.default.removeItem(atPath: file) }
    if !json { emit(Report.heading) }
    for (group, payloads) in groups where group.contains(where: { $0.name.hasPrefix(only) }) {
      try corpus.write(payloads, to: file)
      try report(group, meter, file)
    }
  }

  /// Measures works that belong together, and the other program beside them.
  private func report(_ works: [Work], _ meter: Meter, _ file: String) throws {
    let results = meter.measure(works)
    for (work, result) in zip(works, results) {
      let rival = try beside.map { try Rival(path: $0).measure(work.name, file: file) } ?? nil
      let isFramed = works[0].name == "sha256d" && work.name != works[0].name
      let report = Report(
        work: work,
        ours: result,
        rival: rival,
        floor: isFramed ? (works[0].name, results[0]) : nil
      )
      emit(json ? report.json : report.line)
    }
  }
}
