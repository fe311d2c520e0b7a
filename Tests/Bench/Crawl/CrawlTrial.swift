import Bytes
import Foundation
import JSON

/// What came of one crawl of a network whose truth is known.
struct CrawlTrial {
  private static let reached = #"{"event":"reached","address":""#
  private static let summed = #"{"event":"summary""#

  private let name: String
  private let reachable: Set<String>
  private var found: Set<String> = []
  private var invented: Set<String> = []
  /// Seconds until each node was found.
  private var times: [Double] = []
  /// What the crawler says of it all at the end, and after how many seconds.
  private var summary: (members: [String: JSONValue], time: Double)?

  /// Seconds of processor time: of the crawler, the connector and the log server, where it uses them, and the simulation.
  var (processor, connectorTime, serverTime, nodesTime) = (0.0, 0.0, 0.0, 0.0)

  /// Seconds of processor time of all that crawls: of netmine the connector and the log server too.
  var wholeProcessor: Double { processor + connectorTime + serverTime }

  /// The most memory that the crawler and the connector had, in bytes.
  var (memory, connectorMemory) = (0.0, 0.0)

  /// Begins.
  ///
  /// - Parameter reachable: the endpoints to be found.
  init(_ name: String, _ reachable: Set<String>) {
    self.name = name
    self.reachable = reachable
  }

  /// Takes in a line of the crawler.
  ///
  /// - Parameter time: seconds since it was started.
  mutating func read(_ line: String, at time: Double) {
    // Not read as JSON: it comes thousands of times a second, and takes its time from the crawler.
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

  /// Whether the crawler has summed up.
  var isOver: Bool { summary != nil }

  /// Nodes found a second, from the first until 99 % of all, or until the last where it did not find as many.
  var rate: Double {
    let last = min(times.count, (reachable.count * 99 + 99) / 100) - 1
    guard last > 0 else { return 0 }
    return Double(last) / (times[last] - times[0])
  }

  /// So much for each node that was found, in millionths.
  func perNode(_ value: Double) -> Double { value / Double(max(1, found.count)) * 1e6 }

  /// Everything measured.
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

  /// Throws where a node is missing or invented.
  func check() throws {
    let missing = reachable.subtracting(found)
    guard missing.isEmpty, invented.isEmpty else {
      throw IOError(
        "\(name): \(missing.count) nodes not found (\(missing.sorted().prefix(3))), \(invented.count) found that are "
          + "not there (\(invented.sorted().prefix(3)))",
        code: EPROTO
      )
    }
  }

  private func number(_ name: String) -> Double {
    guard case .number(let text)? = summary?.members[name] else { return .nan }
    return Double(text) ?? .nan
  }
}
