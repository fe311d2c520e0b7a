/// One direction of one connection, as the logs of both ends have it.
///
/// Messages that both have in the same order are dropped at once; the rest waits for more messages.
struct ComparedFlow {
  /// A difference between both logs.
  struct Difference: Equatable {
    /// The kind of difference.
    enum Kind: String {
      /// Only the truth has the message.
      case missing
      /// Only the archive has the message.
      case extra
      /// Both have a message at this place, but not the same one.
      case different
    }

    /// The kind of difference.
    let kind: Kind
    /// The number of the message within the direction, from 1, as the truth counts.
    let number: UInt64
    /// The message's time in ns since the Unix epoch, from the log that has it; from the truth if both have
    /// one.
    let time: UInt64
  }

  /// Results of adding or settling messages.
  struct Outcome {
    /// Messages that both have.
    var matches: [(truth: ComparedMessage, archive: ComparedMessage)] = []
    /// Differences between both.
    var differences: [Difference] = []
  }

  /// How many messages ahead both logs are searched for the next message that they agree on.
  static let window = 1024

  private var truth = MessageQueue()
  private var archive = MessageQueue()

  /// Messages of the truth that are settled.
  private(set) var settledCount: UInt64 = 0

  /// The number of messages that wait.
  var waitingCount: Int { truth.count + archive.count }

  /// The time of the oldest waiting message, in ns since the Unix epoch; nil if none waits.
  var oldestTime: UInt64? {
    switch (truth.first, archive.first) {
    case (let truth?, let archive?): min(truth.time, archive.time)
    case (let truth, let archive): truth?.time ?? archive?.time
    }
  }

  /// Adds a message of the truth or the archive, and appends the results to `outcome`.
  mutating func add(_ message: ComparedMessage, ofTruth isTruth: Bool, _ outcome: inout Outcome) {
    if isTruth { truth.append(message) } else { archive.append(message) }
    settle(isComplete: false, &outcome)
  }

  /// Settles all waiting messages, as no more will come; returns the messages at the end that only one log
  /// has.
  mutating func finish(_ outcome: inout Outcome) -> (truth: MessageQueue, archive: MessageQueue) {
    settle(isComplete: true, &outcome)
    defer { (truth, archive) = (MessageQueue(), MessageQueue()) }
    return (truth, archive)
  }

  /// Settles messages from before `time` whose counterpart has not come.
  ///
  /// - Parameter isToObserver: whether the observer is the receiver. A message from the observer may wait for
  ///   the node to read it as long as the connection is open; the observer's limit on unsent bytes bounds
  ///   their number.
  mutating func giveUp(before time: UInt64, isToObserver: Bool, _ outcome: inout Outcome) {
    while let oldest = oldestTime, oldest < time, truth.first != nil, archive.first != nil {
      resynchronise(&outcome.differences)
      settle(isComplete: false, &outcome)
    }
    while let said = truth.first, said.time < time, archive.first == nil {
      outcome.differences.append(Difference(kind: .missing, number: settledCount + 1, time: said.time))
      truth.removeFirst()
      settledCount += 1
    }
    guard isToObserver else { return }
    while let found = archive.first, found.time < time, truth.first == nil {
      outcome.differences.append(Difference(kind: .extra, number: settledCount + 1, time: found.time))
      archive.removeFirst()
    }
  }

  private mutating func settle(isComplete: Bool, _ outcome: inout Outcome) {
    while let said = truth.first, let found = archive.first {
      if said.isSame(as: found) {
        outcome.matches.append((said, found))
        truth.removeFirst()
        archive.removeFirst()
        settledCount += 1
        continue
      }
      // Until both queues are long enough, a message that is missing looks like one that comes later.
      guard isComplete || min(truth.count, archive.count) >= Self.window || waitingCount >= 4 * Self.window
      else {
        break
      }
      resynchronise(&outcome.differences)
    }
  }

  /// Drops the messages before the next one that both agree on; if there is none near, one message of each.
  private mutating func resynchronise(_ differences: inout [Difference]) {
    let (ahead, behind) = nextAgreement() ?? (1, 1)
    let changed = min(ahead, behind)
    for index in 0..<max(ahead, behind) {
      let kind: Difference.Kind = index < changed ? .different : ahead > behind ? .missing : .extra
      let time = kind == .extra ? archive[index].time : truth[index].time
      differences.append(
        Difference(kind: kind, number: settledCount + UInt64(min(index, ahead)) + 1, time: time)
      )
    }
    for _ in 0..<ahead { truth.removeFirst() }
    for _ in 0..<behind { archive.removeFirst() }
    settledCount += UInt64(ahead)
  }

  private func nextAgreement() -> (truth: Int, archive: Int)? {
    var places: [UInt64: [Int]] = [:]
    for index in 0..<min(truth.count, Self.window) { places[truth[index].header, default: []].append(index) }
    var best: (truth: Int, archive: Int)?
    for index in 0..<min(archive.count, Self.window) {
      if let best, index >= best.truth + best.archive { break }
      let found = archive[index]
      for place in places[found.header] ?? [] where truth[place].isSame(as: found) {
        if best.map({ place + index < $0.truth + $0.archive }) ?? true { best = (place, index) }
        break
      }
    }
    return best
  }
}

/// A queue of messages.
struct MessageQueue {
  private var messages: [ComparedMessage] = []
  private var start = 0

  /// The number of messages.
  var count: Int { messages.count - start }

  /// The first message; nil if the queue is empty.
  var first: ComparedMessage? { start < messages.count ? messages[start] : nil }

  /// The message at an index, from 0.
  subscript(index: Int) -> ComparedMessage { messages[start + index] }

  /// Adds a message at the end.
  mutating func append(_ message: ComparedMessage) { messages.append(message) }

  /// Removes the first message. The queue must not be empty.
  mutating func removeFirst() {
    start += 1
    if start == messages.count {
      // So that an idle connection keeps almost no memory.
      messages.removeAll(keepingCapacity: messages.capacity <= 16)
      start = 0
    } else if start >= 512, 2 * start >= messages.count {
      messages.removeFirst(start)
      start = 0
    }
  }
}
