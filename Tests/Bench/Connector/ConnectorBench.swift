import ArgumentParser
import BitcoinWire
import Bytes
import EventLoop
import Foundation

/// `bench connector`: measures a connector with many connections.
struct ConnectorBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "connector",
    abstract: "Measure a connector with many connections: handshakes, memory, idling, floods.",
    discussion: """
      The connector, the log server, a reader of everything and the nodes are separate processes, new for \
      each number of connections. A flood is timed from the first message that a node sends until the reader \
      has checked the last one. The reader checks every message.
      """
  )

  @Option(
    name: .customLong("connections"),
    help: "Number of connections. May be repeated. (default: 1000, 5000, 19000)"
  )
  var numbers: [Int] = []

  @Option(help: "Seconds to watch the idle connector, and seconds of messages at random times.")
  var seconds = 30

  @Option(help: "Messages that all nodes together send as fast as they can.")
  var messages = 5_000_000

  @Option(help: "Messages per second at random times.")
  var rate = 90_000

  @Flag(help: "Print JSON, one object per line.")
  var json = false

  func run() throws {
    _ = try DescriptorLimit.raise()
    for number in numbers.isEmpty ? [1000, 5000, 19_000] : numbers {
      let folder = NSTemporaryDirectory() + "netmine-bench-\(UInt32.random(in: 0 ... .max))/"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      emitHeading(number)
      let deployment = try ConnectorDeployment(folder, connections: number)
      try deployment.measure(seconds: seconds, messages: messages, rate: rate) { figure in
        emit(json ? figure.json : figure.line)
      }
    }
  }

  private func emitHeading(_ number: Int) { if !json { emit("\(number) connections") } }
}
