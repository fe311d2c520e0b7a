/// One direction of one connection, as both of its ends have it: what one says it sent and what the other says it got.
///
/// Whatever both have in the same order is forgotten at once; the rest waits until more of it is there.
struct ComparedFlow {
  /// What was found where both differ.
  struct Difference: Equatable {
    /// What is wrong.
    enum Kind: String {
      /// The truth has it, the archive has not.
      case missing
      /// The archive has it, the truth has not.
      case extra
      /// Both have one here, and not the same.
      case different
    }

    /// What is wrong.
    let kind: Kind
    /// Which message of the direction it is, from 1, as the truth counts.
    let number: UInt64
    /// When, in ns since the Unix epoch, as whoever has it says.
    let time: UInt64
  }

  /// What has come of it.
  struct Outcome {
    /// Messages that both have.
    var matches: [(truth: ComparedMessage, archive: ComparedMessage)] = []
    /// What they differ in.
    var differences: [Difference] = []
  }

  /// How far ahead it is looked for a message at which both agree again.
  static let window = 1024

  private var truth = MessageQueue()
  private var archive = MessageQueue()

  /// Messages of the truth that are settled.
  private(set) var settledCount: UInt64 = 0

  /// How many messages wait.
  var waitingCount: Int { truth.count + archive.count }

  /// When the one that waits longest was sent or received; nil where none waits.
  var oldestTime: UInt64? {
    switch (truth.first, archive.first) {
    case (let truth?, let archive?): min(truth.time, archive.time)
    case (let truth, let archive): truth?.time ?? archive?.time
    }
  }

  /// Takes in a message of the truth or the archive; adds what comes of it.
  mutating func add(_ message: ComparedMessage, ofTruth isTruth: Bool, _ outcome: inout Outcome) {
    if isTruth { truth.append(message) } else { archive.append(message) }
    settle(isComplete: false, &outcome)
  }

  /// Settles all that waits, as nothing more will come; returns what only one of both has at the very end.
  mutating func finish(_ outcome: inout Outcome) -> (truth: MessageQueue, archive: MessageQueue) {
    settle(isComplete: true, &outcome)
    defer { (truth, archive) = (MessageQueue(), MessageQueue()) }
    return (truth, archive)
  }

  /// Settles what has waited since before a time for what the other side does not bring.
  ///
  /// - Parameter isToObserver: whether the archive's side receives. What it sent and the other has not read may wait as
  ///   long as the connection stands; who sends keeps no more of it than a connection may have unsent.
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
      // Both have to be far enough for telling what is missing from what only comes later.
      guard isComplete || min(truth.count, archive.count) >= Self.window || waitingCount >= 4 * Self.window
      else {
        break
      }
      resynchronise(&outcome.differences)
    }
  }

  /// Drops what stands before the next message at which both agree; one of each where there is none near.
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

/// Messages in order, of which the first are taken out.
struct MessageQueue {
  private var messages: [ComparedMessage] = []
  private var start = 0

  /// How many there are.
  var count: Int { messages.count - start }

  /// The first; nil where there is none.
  var first: ComparedMessage? { start < messages.count ? messages[start] : nil }

  /// One of them, from 0.
  subscript(index: Int) -> ComparedMessage { messages[start + index] }

  /// Adds one at the end.
  mutating func append(_ message: ComparedMessage) { messages.append(message) }

  /// Takes out the first.
  mutating func removeFirst() {
    start += 1
    if start == messages.count {
      // An idle connection keeps next to nothing.
      messages.removeAll(keepingCapacity: messages.capacity <= 16)
      start = 0
    } else if start >= 512, 2 * start >= messages.count {
      messages.removeFirst(start)
      start = 0
    }
  }
}
