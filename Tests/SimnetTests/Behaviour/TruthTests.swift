import BitcoinWire
import EventLoop
import Glibc
import JSON
import Testing

@testable import SimnetCore

/// The truth file's lines about the network itself.
@Suite struct TruthTests {
  /// Runs a network until the condition holds; returns the lines of its truth file by event.
  static func lines(of settings: SimnetSettings, until isEnough: (Simnet) -> Bool) throws
    -> [String: [[String: JSONValue]]]
  {
    let path = "/tmp/simnet-truth-\(getpid())-\(Clock.monotonic())"
    defer { unlink(path) }
    let stage = try Stage(settings, truthPath: path)
    try stage.run { isEnough(stage.simnet) }
    stage.simnet.close()
    let text = String(decoding: try FileInput.read(path, maximum: 1 << 24), as: UTF8.self)
    var lines: [String: [[String: JSONValue]]] = [:]
    for line in text.split(separator: "\n") {
      guard case .object(let members) = try JSONValue(line), case .string(let event)? = members["event"]
      else {
        throw Missing()
      }
      lines[event, default: []].append(members)
    }
    return lines
  }

  static func numbers(_ value: JSONValue?) throws -> [Int] {
    guard case .array(let values)? = value else { throw Missing() }
    return values.compactMap { if case .number(let digits) = $0 { Int(digits) } else { nil } }
  }

  @Test func tellsNodesAndLinks() throws {
    var settings = SimnetSettings.small()
    settings.gossip = .real
    let lines = try Self.lines(of: settings) { _ in true }
    let nodes = try #require(lines["node"])
    #expect(nodes.count == 30)
    let directory = NodeDirectory(settings)
    for (index, node) in nodes.enumerated() {
      #expect(node["known_as"] == .string(directory.address(of: index).description))
      #expect(node["user_agent"] == .string(directory.row(of: index).userAgent))
      #expect(node["country"] == directory.row(of: index).country.map { .string($0) } ?? .null)
    }
    let topology = Topology(nodeCount: 30, outbound: 8, seed: 1)
    #expect(try lines["links"]?.map { try Self.numbers($0["outbound"]) } == topology.outbound)
  }

  @Test func tellsWhoHasWhatSinceWhen() throws {
    var settings = SimnetSettings.small()
    settings.blockInterval = 1
    let lines = try Self.lines(of: settings) { $0.statistics.height >= 122 }
    let spreads = try #require(lines["spread"])
    var known: [JSONValue: [String: JSONValue]] = [:]
    for line in (lines["tx"] ?? []) + (lines["block"] ?? []) { known[try #require(line["hash"])] = line }
    // Items that were still spreading at the end are included.
    #expect(Set(spreads.compactMap { $0["hash"] }) == Set(known.keys))
    for spread in spreads {
      let hash = try #require(spread["hash"])
      let start = try #require(known[hash])
      #expect(spread["time"] == start["time"])
      let (nodes, after) = (try Self.numbers(spread["nodes"]), try Self.numbers(spread["after"]))
      #expect(nodes.count == after.count && Set(nodes).count == nodes.count && after == after.sorted())
      #expect(start["origin"] == .number("\(nodes[0])") && after[0] == 0)
    }
    #expect(try spreads.contains { try Self.numbers($0["nodes"]).count == 30 })
  }

  @Test func tellsWhoIsDown() throws {
    var settings = ChurnTests.settings(churn: 600, downTime: 0.2)
    settings.addressInterval = 1
    var changes = 0
    var wasUp = true
    let lines = try Self.lines(of: settings) {
      let isUp = (0..<30).allSatisfy($0.isUp)
      if isUp != wasUp { changes += 1 }
      wasUp = isUp
      return changes >= 4
    }
    #expect((lines["down"]?.count ?? 0) >= 2 && (lines["up"]?.count ?? 0) >= 1)
    #expect((lines["address"]?.count ?? 0) >= 1)
  }
}
