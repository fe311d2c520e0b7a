import Bytes
import Foundation
import JSON
import LogFiles
import LogProtocol
import Observations

/// Which of a simulated network's nodes were up, as its truth file says, and held, as a connector's records say: both
/// to the nanosecond, on the same clock.
struct HoldAccount {
  /// Something that happened to a node.
  private struct Change {
    enum Kind {
      case down, up, held, lost, dialled
    }

    let time: UInt64
    let node: Int
    let kind: Kind
  }

  /// A node came back.
  struct Return {
    /// When, in ns since the Unix epoch.
    let time: UInt64
    /// How long it had been away, in seconds.
    let absence: Double
    /// How many seconds it was up until it was held; nil where it never was before it went away again, or the end came.
    var wait: Double?
    /// How many seconds it was up and not held, where it never was.
    var vain: Double?
    /// How many times it was dialled since it had gone away.
    var dials = 0
    /// Whether it had been held before; else it was not known to be a node.
    let wasHeld: Bool
  }

  /// How many nodes there are.
  private(set) var nodeCount = 0
  /// Seconds from the beginning until the wanted share of the nodes that are up was held first; nil where it never was.
  private(set) var filled: Double?
  /// Seconds from then to the end.
  private(set) var span = 0.0
  /// Seconds that nodes were up, all together, since then.
  private(set) var upTime = 0.0
  /// Those of them in which they were held.
  private(set) var heldTime = 0.0
  /// Seconds in which fewer than the wanted share of the nodes that were up were held.
  private(set) var lowTime = 0.0
  /// The lowest share held at any moment, and how many were up and not held then.
  private(set) var lowest = (share: 1.0, missing: 0)
  /// Every node that came back since then.
  private(set) var returns: [Return] = []
  /// Fewest seconds from one dial at a node to the next.
  private(set) var shortestInterval = Double.infinity
  /// Dials since then.
  private(set) var dialCount = 0

  private var changes: [Change] = []
  private var open: Set<UInt32> = []

  /// Reads both, and computes the rest.
  ///
  /// - Parameters:
  ///   - share: how many of the nodes that are up are to be held, 0 to 1.
  ///   - begin: when the crawl began, ns since the Unix epoch; likewise `end`.
  init(truth: String, archive: String, share: Double, from begin: UInt64, to end: UInt64) throws {
    var nodes: [String: Int] = [:]
    for line in try String(contentsOfFile: truth, encoding: .utf8).split(separator: "\n") {
      guard case .object(let members) = try JSONValue(line), case .string(let event) = members["event"],
        let time = members["time"].flatMap(Self.number), let node = members["node"].flatMap(Self.number)
      else { continue }
      switch event {
      case "node":
        guard case .string(let endpoint) = members["endpoint"] else { continue }
        nodes[endpoint] = Int(node)
      case "down": changes.append(Change(time: time, node: Int(node), kind: .down))
      case "up": changes.append(Change(time: time, node: Int(node), kind: .up))
      default: break
      }
    }
    nodeCount = nodes.count
    let names = try FileManager.default.contentsOfDirectory(atPath: archive).filter {
      $0.hasPrefix("verbatim.log") && !$0.contains(".index")
    }
    for path in LogFiles.chronological(names.map { archive + $0 }) { try read(path, nodes) }
    // Records of several sources, and two files: in the order of their times.
    changes.sort { $0.time < $1.time }
    settle(share: share, from: begin, to: end)
  }

  /// Takes an archive's events in.
  private mutating func read(_ path: String, _ nodes: [String: Int]) throws {
    let file = try LogFile(path)
    while case .record(let record)? = try file.next() {
      guard record.header.type == .connection else { continue }
      let event = try ConnectionEvent(record.body.bytes)
      guard let node = nodes[event.remote.description] else { continue }
      let (time, connection) = (record.header.time, record.header.connection)
      func append(_ kind: Change.Kind, _ time: UInt64) {
        changes.append(Change(time: time, node: node, kind: kind))
      }
      switch event.code {
      case .connected, .connectFailed: append(.dialled, time - min(time, event.duration))
      case .handshaken:
        open.insert(connection)
        append(.held, time)
      default: break
      }
      if event.code.endsConnection, open.remove(connection) != nil { append(.lost, time) }
    }
  }

  /// Goes through time, from one change to the next.
  private mutating func settle(share: Double, from begin: UInt64, to end: UInt64) {
    var isUp = [Bool](repeating: true, count: nodeCount)
    var links = [Int](repeating: 0, count: nodeCount)
    var wentDown = [UInt64](repeating: 0, count: nodeCount)
    var lastDial = wentDown
    var wasEverHeld = [Bool](repeating: false, count: nodeCount)
    var dialsAway = [Int](repeating: 0, count: nodeCount)
    var awaited: [Int: Return] = [:]
    var (upCount, heldCount, last) = (nodeCount, 0, begin)
    for change in changes where change.time <= end {
      pass(from: last, to: change.time, upCount, heldCount, share, begin)
      last = max(last, change.time)
      let node = change.node
      let wasHeld = isUp[node] && links[node] > 0
      switch change.kind {
      case .down:
        isUp[node] = false
        upCount -= 1
        (wentDown[node], dialsAway[node]) = (change.time, 0)
        if var vain = awaited.removeValue(forKey: node) {
          vain.vain = Self.seconds(vain.time, change.time)
          returns.append(vain)
        }
      case .up:
        isUp[node] = true
        upCount += 1
        if filled != nil, links[node] == 0 {
          awaited[node] = Return(
            time: change.time,
            absence: Self.seconds(wentDown[node], change.time),
            wasHeld: wasEverHeld[node]
          )
        }
      case .held:
        links[node] += 1
        wasEverHeld[node] = true
        if var back = awaited.removeValue(forKey: node) {
          back.wait = Self.seconds(back.time, change.time)
          back.dials = dialsAway[node]
          returns.append(back)
        }
      case .lost: links[node] -= 1
      case .dialled:
        dialsAway[node] += 1
        if filled != nil { dialCount += 1 }
        if lastDial[node] > 0 {
          shortestInterval = min(shortestInterval, Self.seconds(lastDial[node], change.time))
        }
        lastDial[node] = change.time
      }
      heldCount += (isUp[node] && links[node] > 0 ? 1 : 0) - (wasHeld ? 1 : 0)
      if filled == nil, Double(heldCount) >= share * Double(upCount) {
        filled = Self.seconds(begin, change.time)
      }
    }
    pass(from: last, to: end, upCount, heldCount, share, begin)
    for var back in awaited.values {
      back.vain = Self.seconds(back.time, end)
      returns.append(back)
    }
  }

  /// Nothing changes for a while.
  private mutating func pass(
    from last: UInt64,
    to time: UInt64,
    _ upCount: Int,
    _ heldCount: Int,
    _ share: Double,
    _ begin: UInt64
  ) {
    guard filled != nil, time > last else { return }
    let seconds = Self.seconds(last, time)
    span += seconds
    upTime += seconds * Double(upCount)
    heldTime += seconds * Double(heldCount)
    let now = Double(heldCount) / Double(max(1, upCount))
    if now < share { lowTime += seconds }
    if now < lowest.share { lowest = (now, upCount - heldCount) }
  }

  private static func seconds(_ from: UInt64, _ to: UInt64) -> Double {
    to > from ? Double(to - from) * 1e-9 : 0
  }

  private static func number(_ value: JSONValue) -> UInt64? {
    if case .number(let text) = value { UInt64(text) } else { nil }
  }
}
