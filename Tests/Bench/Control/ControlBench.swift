import ArgumentParser
import BitcoinWire
import Bytes
import ControlProtocol
import EventLoop
import Foundation
import JSON

/// `bench control`: measures commands to a connector that holds many connections.
struct ControlBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "control",
    abstract: "Measure commands to a connector that holds many connections, beside a bare loop of send.",
    discussion: """
      The connector, the log server, the nodes and the client are processes of their own, and so is the bare loop, \
      which sends the same bytes over as many sockets to the same nodes and does nothing else; both in turns. \
      Broadcasts are timed from the request until the nodes have the last byte. "cpu" is the connector's processor \
      time in microseconds a message.
      """
  )

  @Option(help: "How many connections.")
  var peers = 10_000

  @Option(help: "Samples of each.")
  var samples = 9

  @Flag(help: "Print JSON, an object a line.")
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

/// One thing measured.
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
