import ArgumentParser
import BitcoinWire
import Bytes
import EventLoop
import Foundation

/// `bench connector`: measures a connector that holds many connections.
struct ConnectorBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "connector",
    abstract: "Measure a connector that holds many connections: handshakes, memory, rest, floods.",
    discussion: """
      The connector, the log server, a reader of everything and the nodes are processes of their own, new for each \
      number of connections. A flood is timed from the first message that a node sends until the reader has looked at \
      the last; every message is looked at.
      """
  )

  @Option(
    name: .customLong("connections"),
    help: "How many connections; may be repeated. (default: 1000, 5000, 19000)"
  )
  var numbers: [Int] = []

  @Option(help: "Seconds to watch it at rest, and for how long messages come at random times.")
  var seconds = 30

  @Option(help: "How many messages all nodes send together as fast as they can.")
  var messages = 5_000_000

  @Option(help: "Messages a second at random times.")
  var rate = 90_000

  @Flag(help: "Print JSON, an object a line.")
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
