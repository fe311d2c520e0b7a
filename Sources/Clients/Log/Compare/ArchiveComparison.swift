import BitcoinWire
import Bytes
import LogProtocol
import Observations

/// Compares an archive with what the other ends of its connections wrote down, message by message, in memory bounded by
/// what is under way between the two.
///
/// Both are fed in the order of time. Connections are found by the endpoints of their ends, one that has the same as an
/// earlier one by its turn.
struct ArchiveComparison {
  /// What a direction adds up to.
  struct Sums {
    /// Messages that the truth has.
    var truthCount: UInt64 = 0
    /// Messages that the archive has.
    var archiveCount: UInt64 = 0
    /// Messages that both have.
    var sameCount: UInt64 = 0
    /// What is wrong, by kind.
    var differences: [ComparedFlow.Difference.Kind: UInt64] = [:]
    /// Messages at the end of a connection that whoever was to receive them has not: to the observer, those from right
    /// before it, which were under way; to a node, all that it never read.
    var underwayCount: UInt64 = 0
    /// Of them, for how long the oldest was, in ns.
    var longestUnderway: UInt64 = 0
    /// How late messages bear the time of those that are told exactly.
    var exactErrors = TimeErrors()
    /// How late messages bear the time of those that are told to bear an upper bound.
    var boundErrors = TimeErrors()

    fileprivate mutating func count(_ isTruth: Bool) {
      if isTruth { truthCount += 1 } else { archiveCount += 1 }
    }

    fileprivate mutating func note(sent: ComparedMessage, received: ComparedMessage) {
      sameCount += 1
      if received.isUpperBound {
        boundErrors.note(sent: sent.time, recorded: received.time)
      } else {
        exactErrors.note(sent: sent.time, recorded: received.time)
      }
    }

    fileprivate mutating func noteUnderway(_ count: Int, _ longest: UInt64) {
      underwayCount += UInt64(count)
      longestUnderway = max(longestUnderway, longest)
    }
  }

  /// What was found, and where.
  struct Finding {
    /// What.
    let difference: ComparedFlow.Difference
    /// Whether the observer was to receive it.
    let isToObserver: Bool
    /// The node's end of the connection.
    let node: Endpoint
    /// The observer's.
    let observer: Endpoint
  }

  /// From nodes to the observer.
  private(set) var toObserver = Sums()
  /// From the observer to nodes.
  private(set) var toNodes = Sums()
  /// Connections that both have.
  private(set) var pairedCount = 0
  /// Connections that only the truth has, and their messages to the observer.
  private(set) var truthOnly = (connections: 0, messages: UInt64(0))
  /// Connections that only the archive has, and their messages from nodes.
  private(set) var archiveOnly = (connections: 0, messages: UInt64(0))
  /// Most messages that waited for their other end at one time.
  private(set) var mostWaiting = 0

  /// Nanoseconds after which a message's other end is not waited for any more.
  static let horizon: UInt64 = 60_000_000_000

  /// Messages that may wait at one time; of more, the oldest are settled early.
  static let maximumWaiting = 8 << 20

  /// Nanoseconds by which both may differ about when a connection opened.
  private static let openTolerance: UInt64 = 30_000_000_000

  private enum Side { case truth, archive }

  private struct Ends: Hashable {
    var node: Endpoint
    var observer: Endpoint
  }

  private struct ConnectionName: Hashable {
    var source: UInt32
    var connection: UInt32
  }

  private final class Pair {
    let ends: Ends
    let openTime: UInt64
    var endTime: UInt64 = 0
    var isInTruth = false
    var isInArchive = false
    var openSides = 0
    var toObserver = ComparedFlow()
    var toNode = ComparedFlow()
    var truthCount: UInt64 = 0
    var archiveCount: UInt64 = 0

    init(_ ends: Ends, at time: UInt64) {
      self.ends = ends
      openTime = time
    }

    var waitingCount: Int { toObserver.waitingCount + toNode.waitingCount }
    var isPaired: Bool { isInTruth && isInArchive }
  }

  private var pairs: [ObjectIdentifier: Pair] = [:]
  private var unpaired: [Ends: [Pair]] = [:]
  private var truthNames: [ConnectionName: Pair] = [:]
  private var archiveNames: [ConnectionName: Pair] = [:]
  private var outcome = ComparedFlow.Outcome()
  private var waiting = 0
  private var sinceSweep = 0
  private var lastTimes = (truth: UInt64(0), archive: UInt64(0))
  private let grace: UInt64
  private let report: (Finding) -> Void

  /// Begins.
  ///
  /// - Parameters:
  ///   - grace: how long before the end of a connection a message may have been sent and not be received, in ns.
  ///   - report: gets each difference as it is found.
  init(grace: UInt64, report: @escaping (Finding) -> Void) {
    self.grace = grace
    self.report = report
  }

  /// Takes in a record of the truth.
  mutating func addTruth(_ header: RecordHeader, _ body: UnsafeRawBufferPointer) { add(header, body, .truth) }

  /// Takes in a record of the archive.
  mutating func addArchive(_ header: RecordHeader, _ body: UnsafeRawBufferPointer) {
    add(header, body, .archive)
  }

  /// Settles whatever waits; nothing more will come.
  mutating func finish() {
    for pair in pairs.values.sorted(by: { $0.openTime < $1.openTime }) { finish(pair, at: nil) }
  }

  private mutating func add(_ header: RecordHeader, _ body: UnsafeRawBufferPointer, _ side: Side) {
    if side == .truth { lastTimes.truth = header.time } else { lastTimes.archive = header.time }
    let name = ConnectionName(source: header.source, connection: header.connection)
    switch header.type {
    case .connection:
      guard let event = try? ConnectionEvent(body.bytes) else { return }
      switch event.code {
      case .connected, .accepted: open(name, event.remote, event.local, at: header.time, side)
      case let code where code.endsConnection: end(name, at: header.time, side)
      default: break
      }
    case .meta:
      // A connection that was open when the archive begins.
      guard side == .archive, archiveNames[name] == nil,
        case .openConnection(let open)? = try? MetaBody(body.bytes)
      else { return }
      self.open(name, open.remote, open.local, at: open.since, side)
    case .message: message(name, header, body, side)
    default: break
    }
  }

  // MARK: Connections

  private mutating func open(
    _ name: ConnectionName,
    _ remote: Endpoint,
    _ local: Endpoint,
    at time: UInt64,
    _ side: Side
  ) {
    // Each side calls the other remote.
    let ends =
      side == .truth ? Ends(node: local, observer: remote) : Ends(node: remote, observer: local)
    var found: Pair?
    while found == nil, let candidate = unpaired[ends]?.first {
      guard side == .truth ? !candidate.isInTruth : !candidate.isInArchive else { break }
      unpaired[ends]?.removeFirst()
      if candidate.openTime.distance(to: time).magnitude <= Self.openTolerance { found = candidate }
    }
    if unpaired[ends]?.isEmpty == true { unpaired[ends] = nil }
    let pair = found ?? Pair(ends, at: time)
    if found == nil {
      pairs[ObjectIdentifier(pair)] = pair
      unpaired[ends, default: []].append(pair)
    }
    pair.openSides += 1
    if side == .truth {
      pair.isInTruth = true
      truthNames[name] = pair
    } else {
      pair.isInArchive = true
      archiveNames[name] = pair
    }
  }

  private mutating func end(_ name: ConnectionName, at time: UInt64, _ side: Side) {
    let pair = side == .truth ? truthNames.removeValue(forKey: name) : archiveNames.removeValue(forKey: name)
    guard let pair else { return }
    pair.openSides -= 1
    pair.endTime = max(pair.endTime, time)
    if pair.openSides == 0, pair.isPaired { finish(pair, at: pair.endTime) }
  }

  private mutating func finish(_ pair: Pair, at end: UInt64?) {
    pairs[ObjectIdentifier(pair)] = nil
    waiting -= pair.waitingCount
    guard pair.isPaired else {
      unpaired[pair.ends]?.removeAll { $0 === pair }
      if pair.isInTruth {
        truthOnly = (truthOnly.connections + 1, truthOnly.messages + pair.truthCount)
      } else {
        archiveOnly = (archiveOnly.connections + 1, archiveOnly.messages + pair.archiveCount)
      }
      return
    }
    pairedCount += 1
    // Where the files end before the connection, it is as if it ended with the shorter one.
    let time = end ?? min(lastTimes.truth, lastTimes.archive)
    settle(pair, isToObserver: true, at: time)
    settle(pair, isToObserver: false, at: time)
  }

  /// Settles a direction; what its sender has and its receiver has not at the very end was under way.
  private mutating func settle(_ pair: Pair, isToObserver: Bool, at end: UInt64) {
    let (truth, archive) = isToObserver ? pair.toObserver.finish(&outcome) : pair.toNode.finish(&outcome)
    let number = isToObserver ? pair.toObserver.settledCount : pair.toNode.settledCount
    let (sent, received) = isToObserver ? (truth, archive) : (archive, truth)
    // What was received and never sent is no matter of time.
    let kind: ComparedFlow.Difference.Kind = isToObserver ? .extra : .missing
    for index in 0..<received.count {
      outcome.differences.append(
        .init(kind: kind, number: number + UInt64(index) + 1, time: received[index].time)
      )
    }
    var (underway, longest) = (0, UInt64(0))
    for index in 0..<sent.count {
      let message = sent[index]
      // What a node never read says nothing about the archive.
      guard isToObserver, message.time.saturating(adding: grace) < end else {
        underway += 1
        longest = max(longest, end - min(end, message.time))
        continue
      }
      outcome.differences.append(
        .init(kind: .missing, number: number + UInt64(index) + 1, time: message.time)
      )
    }
    if isToObserver {
      toObserver.noteUnderway(underway, longest)
    } else {
      toNodes.noteUnderway(underway, longest)
    }
    takeIn(pair.ends, isToObserver)
  }

  // MARK: Messages

  private mutating func message(
    _ name: ConnectionName,
    _ header: RecordHeader,
    _ body: UnsafeRawBufferPointer,
    _ side: Side
  ) {
    guard let pair = side == .truth ? truthNames[name] : archiveNames[name] else { return }
    let message = ComparedMessage(header, body)
    let before = pair.waitingCount
    // The node sent it, or the observer got it.
    let isToObserver = header.flags.contains(.sent) == (side == .truth)
    if side == .truth { pair.truthCount += 1 } else { pair.archiveCount += 1 }
    if isToObserver {
      toObserver.count(side == .truth)
      pair.toObserver.add(message, ofTruth: side == .truth, &outcome)
    } else {
      toNodes.count(side == .truth)
      pair.toNode.add(message, ofTruth: side == .truth, &outcome)
    }
    takeIn(pair.ends, isToObserver)
    waiting += pair.waitingCount - before
    mostWaiting = max(mostWaiting, waiting)
    sinceSweep += 1
    if sinceSweep >= 1 << 20 || waiting > Self.maximumWaiting && sinceSweep >= 1 << 16 {
      sweep(at: header.time)
    }
  }

  /// Gives up what only one side has had for too long: of a connection that the other lacks, or of one direction.
  private mutating func sweep(at time: UInt64) {
    sinceSweep = 0
    let horizon = waiting > Self.maximumWaiting ? Self.horizon / 16 : Self.horizon
    for pair in Array(pairs.values) {
      guard pair.waitingCount > 0 || pair.openSides == 0 else { continue }
      let oldest = min(pair.toObserver.oldestTime ?? .max, pair.toNode.oldestTime ?? .max)
      guard
        oldest == .max ? pair.openTime.saturating(adding: horizon) < time : oldest < time - min(time, horizon)
      else {
        continue
      }
      if pair.openSides == 0 {
        finish(pair, at: pair.endTime)
        continue
      }
      waiting -= pair.waitingCount
      guard pair.isPaired else {
        // It is counted, but keeps nothing.
        (pair.toObserver, pair.toNode) = (ComparedFlow(), ComparedFlow())
        continue
      }
      pair.toObserver.giveUp(before: time - min(time, horizon), isToObserver: true, &outcome)
      takeIn(pair.ends, true)
      pair.toNode.giveUp(before: time - min(time, horizon), isToObserver: false, &outcome)
      takeIn(pair.ends, false)
      waiting += pair.waitingCount
    }
  }

  /// Adds up what has come of a direction.
  private mutating func takeIn(_ ends: Ends, _ isToObserver: Bool) {
    for (truth, archive) in outcome.matches {
      if isToObserver {
        toObserver.note(sent: truth, received: archive)
      } else {
        toNodes.note(sent: archive, received: truth)
      }
    }
    outcome.matches.removeAll(keepingCapacity: true)
    guard !outcome.differences.isEmpty else { return }
    tell(outcome.differences, isToObserver, ends)
    outcome.differences.removeAll(keepingCapacity: true)
  }

  private mutating func tell(_ differences: [ComparedFlow.Difference], _ isToObserver: Bool, _ ends: Ends) {
    for difference in differences {
      if isToObserver {
        toObserver.differences[difference.kind, default: 0] += 1
      } else {
        toNodes.differences[difference.kind, default: 0] += 1
      }
      report(
        Finding(
          difference: difference,
          isToObserver: isToObserver,
          node: ends.node,
          observer: ends.observer
        )
      )
    }
  }
}
