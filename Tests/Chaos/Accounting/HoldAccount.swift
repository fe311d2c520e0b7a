import Bytes
import Foundation
import JSON
import LogFiles
import LogProtocol
import Observations

/// The times when a simulated network's nodes were up, from its truth file, and held, from a connector's
/// records. Both have nanoseconds of the same clock.
struct HoldAccount {
  /// A change of a node.
  private struct Change {
    enum Kind {
      case down, up, held, lost, dialled
    }

    let time: UInt64
    let node: Int
    let kind: Kind
  }

  /// The return of a node.
  struct Return {
    /// When it came back, in ns since the Unix epoch.
    let time: UInt64
    /// The seconds for which it had been away.
    let absence: Double
    /// The seconds from its return until it was held; nil if it was not held before it left again or the run
    /// ended.
    var wait: Double?
    /// The seconds for which it was up without being held, if it was never held after this return.
    var vain: Double?
    /// The dials since it went away.
    var dials = 0
    /// Whether it had been held before; otherwise the crawler did not know it as a node.
    let wasHeld: Bool
  }

  /// The number of nodes.
  private(set) var nodeCount = 0
  /// Seconds until the wanted share of the nodes that were up was first held; nil if it never was.
  private(set) var filled: Double?
  /// Seconds from then to the end.
  private(set) var span = 0.0
  /// The sum of all nodes' seconds of being up since then.
  private(set) var upTime = 0.0
  /// The part of these seconds in which the nodes were held.
  private(set) var heldTime = 0.0
  /// Seconds in which less than the wanted share of the nodes that were up was held.
  private(set) var lowTime = 0.0
  /// The lowest share held at any moment, and the number of nodes up but not held then.
  private(set) var lowest = (share: 1.0, missing: 0)
  /// Every return of a node since then.
  private(set) var returns: [Return] = []
  /// The shortest interval between two dials of a node, in seconds.
  private(set) var shortestInterval = Double.infinity
  /// Dials since then.
  private(set) var dialCount = 0

  private var changes: [Change] = []
  private var open: Set<UInt32> = []

  /// Reads both files, and computes the rest.
  ///
  /// - Parameters:
  ///   - share: the wanted share of held nodes among those that are up, 0 to 1.
  ///   - begin: the start of the crawl in ns since the Unix epoch; `end` has the same unit.
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
    // Records of several sources and the truth file: merge them in order of time.
    changes.sort { $0.time < $1.time }
    settle(share: share, from: begin, to: end)
  }

  /// Adds an archive's events.
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

  /// Goes through the changes in order of time.
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

  /// Adds a period without changes.
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
