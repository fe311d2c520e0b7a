import ArgumentParser
import BitcoinWire
import Foundation

/// `bench wire`: measures framing, decoding and encoding.
struct WireBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "wire",
    abstract: "Measure framing, decoding and encoding of real messages on one core.",
    discussion: """
      Times are nanoseconds of processor time per message, the median of samples taken in turns. "decode" \
      makes separate values, "view" reads everything in place. Framing is compared with the checksum's hash \
      alone.
      """
  )

  @Option(help: "Folder with real inputs: captures, a block and a list of seeds.")
  var data: String

  @Option(
    help: """
      A program of another implementation to compare with. It is called with a work's name and a file of \
      messages (each after its length, 4 bytes little-endian). It prints the number of messages processed in \
      about half a second, and the seconds of processor and wall time.
      """
  )
  var beside: String?

  @Option(help: "Measure only groups with a work whose name begins with this.")
  var only = ""

  @Option(help: "Samples of each work.")
  var samples = 9

  @Flag(help: "Print JSON, one object per line.")
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

  /// Measures a group of works, and the other program for comparison.
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
