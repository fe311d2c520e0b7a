import BitcoinWire
import Bytes
import LogProtocol
import Observations

/// Compares an archive with the logs of the other ends of its connections (the truth), message by message.
/// Memory is bounded by the messages in flight between the two.
///
/// Records of both are added in order of time. Connections are matched by the endpoints of their two ends;
/// connections with the same endpoints are matched in the order in which they opened.
struct ArchiveComparison {
  /// The totals of one direction.
  struct Sums {
    /// Messages in the truth.
    var truthCount: UInt64 = 0
    /// Messages in the archive.
    var archiveCount: UInt64 = 0
    /// Messages in both.
    var sameCount: UInt64 = 0
    /// Differences by kind.
    var differences: [ComparedFlow.Difference.Kind: UInt64] = [:]
    /// Messages that were sent, but not received when the connection ended. Those to the observer count only
    /// if they were sent within the grace time before the end; those to a node count in any case.
    var underwayCount: UInt64 = 0
    /// The age of the oldest of these messages when its connection ended, in ns.
    var longestUnderway: UInt64 = 0
    /// Delays of received messages whose time stamps are exact.
    var exactErrors = TimeErrors()
    /// Delays of received messages whose time stamps are upper bounds.
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

  /// A difference, and the connection it is on.
  struct Finding {
    /// The difference.
    let difference: ComparedFlow.Difference
    /// Whether the observer is the receiver.
    let isToObserver: Bool
    /// The node's end of the connection.
    let node: Endpoint
    /// The observer's end of the connection.
    let observer: Endpoint
  }

  /// From nodes to the observer.
  private(set) var toObserver = Sums()
  /// From the observer to nodes.
  private(set) var toNodes = Sums()
  /// Connections in both.
  private(set) var pairedCount = 0
  /// Connections that are only in the truth, and all their messages.
  private(set) var truthOnly = (connections: 0, messages: UInt64(0))
  /// Connections that are only in the archive, and all their messages.
  private(set) var archiveOnly = (connections: 0, messages: UInt64(0))
  /// The most messages that waited for their counterpart at one time.
  private(set) var mostWaiting = 0

  /// Nanoseconds that a message waits for its counterpart at most.
  static let horizon: UInt64 = 60_000_000_000

  /// Messages that may wait at one time; beyond that the time they may wait is cut to a sixteenth.
  static let maximumWaiting = 8 << 20

  /// The largest difference between both records of a connection's opening, in ns.
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

  /// Creates an empty comparison.
  ///
  /// - Parameters:
  ///   - grace: a message that was sent less than this long before its connection ended may be missing, in
  ///     ns.
  ///   - report: called with each difference when it is found.
  init(grace: UInt64, report: @escaping (Finding) -> Void) {
    self.grace = grace
    self.report = report
  }

  /// Adds a record of the truth.
  mutating func addTruth(_ header: RecordHeader, _ body: UnsafeRawBufferPointer) { add(header, body, .truth) }

  /// Adds a record of the archive.
  mutating func addArchive(_ header: RecordHeader, _ body: UnsafeRawBufferPointer) {
    add(header, body, .archive)
  }

  /// Settles everything that waits. No record may be added after it.
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
      // A connection that was open when the archive began.
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
    // Each side calls the other one remote.
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
    // If the files end before the connection does, treat the end of the shorter file as its end.
    let time = end ?? min(lastTimes.truth, lastTimes.archive)
    settle(pair, isToObserver: true, at: time)
    settle(pair, isToObserver: false, at: time)
  }

  /// Settles a direction. Messages at its end that only the sender has were in flight.
  private mutating func settle(_ pair: Pair, isToObserver: Bool, at end: UInt64) {
    let (truth, archive) = isToObserver ? pair.toObserver.finish(&outcome) : pair.toNode.finish(&outcome)
    let number = isToObserver ? pair.toObserver.settledCount : pair.toNode.settledCount
    let (sent, received) = isToObserver ? (truth, archive) : (archive, truth)
    // A message that was received but never sent is an error at any time.
    let kind: ComparedFlow.Difference.Kind = isToObserver ? .extra : .missing
    for index in 0..<received.count {
      outcome.differences.append(
        .init(kind: kind, number: number + UInt64(index) + 1, time: received[index].time)
      )
    }
    var (underway, longest) = (0, UInt64(0))
    for index in 0..<sent.count {
      let message = sent[index]
      // A message that a node never read says nothing about the archive.
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
    // The node sent it, or the observer received it.
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

  /// Settles messages whose counterpart did not come in time, because the other side lacks the connection or
  /// stopped.
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
        // Messages of a connection that only one side has are counted, but not kept.
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

  /// Adds the results of a direction to its totals.
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
