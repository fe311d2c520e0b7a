import Bytes
import Foundation
import JSON

/// The result of one crawl of a network whose reachable nodes are known.
struct CrawlTrial {
  private static let reached = #"{"event":"reached","address":""#
  private static let summed = #"{"event":"summary""#

  private let name: String
  private let reachable: Set<String>
  private var found: Set<String> = []
  private var invented: Set<String> = []
  /// Seconds until each node was found.
  private var times: [Double] = []
  /// The crawler's summary, and the seconds until it came.
  private var summary: (members: [String: JSONValue], time: Double)?

  /// Seconds of processor time: of the crawler, of the connector and the log server if it uses them, and of
  /// the simulation.
  var (processor, connectorTime, serverTime, nodesTime) = (0.0, 0.0, 0.0, 0.0)

  /// Seconds of processor time of the crawler, including connector and log server.
  var wholeProcessor: Double { processor + connectorTime + serverTime }

  /// The peak memory of the crawler and the connector, in bytes.
  var (memory, connectorMemory) = (0.0, 0.0)

  /// Creates an empty trial.
  ///
  /// - Parameter reachable: the endpoints to be found.
  init(_ name: String, _ reachable: Set<String>) {
    self.name = name
    self.reachable = reachable
  }

  /// Reads a line of the crawler's output.
  ///
  /// - Parameter time: seconds since the crawler was started.
  mutating func read(_ line: String, at time: Double) {
    // Not parsed as JSON: there are thousands of lines a second, and parsing would slow the crawler down.
    if line.hasPrefix(Self.reached) {
      let endpoint = String(line.dropFirst(Self.reached.count).prefix { $0 != "\"" })
      if !reachable.contains(endpoint) {
        invented.insert(endpoint)
      } else if found.insert(endpoint).inserted {
        times.append(time)
      }
    } else if line.hasPrefix(Self.summed), case .object(let members)? = try? JSONValue(line) {
      summary = (members, time)
    }
  }

  /// Whether all nodes are found.
  var isComplete: Bool { found.count == reachable.count }

  /// Whether the summary has come.
  var isOver: Bool { summary != nil }

  /// Nodes found per second, from the first until 99 % of all, or until the last one if fewer were found.
  var rate: Double {
    let last = min(times.count, (reachable.count * 99 + 99) / 100) - 1
    guard last > 0 else { return 0 }
    return Double(last) / (times[last] - times[0])
  }

  /// A value per node found, in millionths.
  func perNode(_ value: Double) -> Double { value / Double(max(1, found.count)) * 1e6 }

  /// All measured values.
  var figures: [ControlFigure] {
    var figures = [
      ControlFigure(name: "\(name): nodes/s, first to 99 %", value: rate, unit: "/s")
    ]
    func add(_ name: String, _ value: Double, _ unit: String) {
      figures.append(ControlFigure(name: "  " + name, value: value, unit: unit))
    }
    let most = (reachable.count * 99 + 99) / 100
    if times.count >= most { add("until 99 % are found", times[most - 1], "s") }
    if isComplete { add("until all are found", times[times.count - 1], "s") }
    if let time = summary?.time { add("until it ended", time, "s") }
    add("not found", Double(reachable.count - found.count), "nodes")
    add("found where nobody is", Double(invented.count), "nodes")
    add("dials for each node found", number("dials") / Double(max(1, found.count)), "")
    add("answers", number("answered"), "")
    add("addresses told", number("told"), "")
    add("addresses known at the end", number("candidates"), "")
    add("processor time for each node: the crawler's", perNode(processor), "µs")
    if connectorTime > 0 {
      add("  the connector's", perNode(connectorTime), "µs")
      add("  the log server's", perNode(serverTime), "µs")
    }
    add("  the simulation's", perNode(nodesTime), "µs")
    add("most memory: the crawler's", memory / 1e6, "MB")
    if connectorTime > 0 { add("  the connector's", connectorMemory / 1e6, "MB") }
    return figures
  }

  /// Throws if a node is missing or invented.
  func check() throws {
    let missing = reachable.subtracting(found)
    guard missing.isEmpty, invented.isEmpty else {
      throw IOError(
        "\(name): \(missing.count) nodes not found (\(missing.sorted().prefix(3))), \(invented.count) found that do "
          + "not exist (\(invented.sorted().prefix(3)))",
        code: EPROTO
      )
    }
  }

  private func number(_ name: String) -> Double {
    guard case .number(let text)? = summary?.members[name] else { return .nan }
    return Double(text) ?? .nan
  }
}
