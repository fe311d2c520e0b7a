import ArgumentParser
import BitcoinWire
import Bytes
import ControlProtocol
import EventLoop
import Foundation
import JSON

/// `bench control`: measures commands to a connector with many connections.
struct ControlBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "control",
    abstract: "Measure commands to a connector with many connections, compared with a bare loop of send.",
    discussion: """
      The connector, the log server, the nodes, the client and the bare loop are separate processes. The \
      bare loop only sends the same bytes over as many sockets to other nodes of the same kind. Both are \
      measured in turns. Broadcasts are timed from the request until the nodes have the last byte. "cpu" is \
      the connector's processor time per message, in microseconds.
      """
  )

  @Option(help: "Number of connections.")
  var peers = 10_000

  @Option(help: "Samples of each measurement.")
  var samples = 9

  @Flag(help: "Print JSON, one object per line.")
  var json = false

  func run() throws {
    _ = try DescriptorLimit.raise()
    let folder = NSTemporaryDirectory() + "netmine-bench-\(UInt32.random(in: 0 ... .max))/"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let deployment = try ControlDeployment(folder, peers: peers)
    for figure in try deployment.measure(samples: samples) { emit(json ? figure.json : figure.line) }
  }
}

/// A measured value.
struct ControlFigure {
  let name: String
  let value: Double
  let unit: String

  var line: String {
    let digits = value >= 100 ? 0 : value >= 1 ? 2 : 3
    let number = String(format: "%.\(digits)f", value)
    return name.padding(toLength: 58, withPad: " ", startingAt: 0)
      + String(repeating: " ", count: max(0, 12 - number.count)) + number + " " + unit
  }

  var json: String {
    var json = JSONWriter()
    json.member("work", name)
    json.member("value", value)
    json.member("unit", unit)
    return String(decoding: json.finish(), as: UTF8.self)
  }
}
