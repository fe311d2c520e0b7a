import Bytes
import Configuration
import LogText

/// What an archiver does with its file, and what it waits for. Decides, and does no I/O.
///
/// Each event returns the actions that follow from it, in order. Only the last one may be of those whose outcome is an
/// event again: `write`, `close`, `name`, `open`, `startOver` and `look`. All times are in ns on a clock that does not
/// step.
struct ArchiveState {
  /// Times and sizes that tests make smaller.
  struct Limits {
    /// Bytes that may wait for the file before reading stops.
    var queue = 64 << 20
    /// Bytes that are written without waiting for the end of a batch, or acknowledged without delay.
    var batch = 1 << 20
    /// Seconds between the first two attempts to write; each further time twice as long, up to 16 times as long.
    var retry = 1.0
    /// Seconds for which acknowledgements are gathered.
    var acknowledgement = 0.05
    /// Seconds between looks at how old closed segments are, and after a rotation that failed.
    var tending = 60.0
    /// Seconds between looks at the file while nothing is acknowledged.
    var presence = 1.0
    /// Seconds after which a new file is begun if the former was renamed without a signal.
    var moved = 10.0
    /// Asks the disk to keep a file, on a thread of its own; returns 0 or an error number.
    var synchronise: @Sendable (Int32) -> Int32 = SegmentFile.synchronise
  }

  typealias Figures = ArchiveWriter.Figures

  /// What it is doing with the file.
  enum Phase: Equatable {
    /// The file takes what comes. If `isDue` it is written at the end of the batch; `movedAt` is when the file was first
    /// seen not to be under its name.
    case writing(isDue: Bool = false, movedAt: UInt64? = nil)
    /// The system refused something, which is tried again.
    case failing(retryAt: UInt64)
    /// The file may not have what was written to it: archiving begins anew, once the disk is not being asked.
    case lost(Harm, retryAt: UInt64)
    /// The file is closed.
    case closed(Purpose)
    /// Everything is written, or given up.
    case ended
  }

  /// Why the file is closed.
  enum Purpose: Equatable {
    /// The segment is full: once the disk has it, it is named and the next one begun.
    case rotation
    /// It is opened anew once the disk has it: the next one tells how far the archive has come.
    case reopening
    /// Somebody else rotates: it is opened anew at the second signal, or at a time.
    case suspension(until: UInt64)
  }

  /// What can happen to a file.
  enum Harm: Equatable {
    /// The disk has not kept something of it.
    case notSynchronised(IOError)
    /// Somebody has deleted or shortened it.
    case notThere(SegmentPresence)
  }

  /// What is to be done.
  enum Action: Equatable {
    /// Write what waits: `wrote`, or `failed`.
    case write
    /// Close the file at the end of a whole record: `closed`.
    case close
    /// Give the closed segment its name: `named`.
    case name
    /// Open the file unless it is open, and write what waits: `opened`, or `failed`.
    case open
    /// Begin anew with what the disk has: `startedOver`, or `failed`.
    case startOver(Harm)
    /// Look whether the file is there: `found`.
    case look
    /// Ask the disk to keep what is written: `synchronised`, later.
    case synchronise
    /// Tell the log server that these sequences are safe, by source.
    case acknowledge([UInt32: UInt64])
    /// Tell the log server how far the archive has come.
    case subscribe
    /// Leave the log server without goodbye, and come back.
    case disconnect, reconnect
    /// Stop reading, and go on.
    case pause, resume
    /// Look after closed segments.
    case tend
    /// Log something.
    case say(Note)
  }

  /// What is logged.
  enum Note: Equatable {
    /// The system refuses something.
    case failing(ArchiveError)
    /// It does so no longer.
    case worksAgain
    /// A file is opened.
    case opened
    /// It is closed at a signal.
    case suspended
    /// The second signal has not come.
    case unsignalled
    /// The file was renamed without a signal.
    case moved
    /// The file may not have what was written to it.
    case lost(Harm)
    /// Reading stops while the file cannot be written.
    case readingStops
  }

  /// Sequences by source, and when something is done about them.
  private struct Batch {
    var sequences: [UInt32: UInt64] = [:]
    var due: UInt64

    mutating func merge(_ others: [UInt32: UInt64]) { sequences.merge(others) { max($0, $1) } }
  }

  private enum Flow { case running, paused, resuming }

  /// What the configuration says.
  var settings: Configuration.Verbatim

  /// What it is doing with the file.
  private(set) var phase = Phase.writing()

  /// What the system refused last, until it is done after all.
  private(set) var refusal: ArchiveError?

  private let limits: Limits
  /// Written, and not asked for yet.
  private var written: Batch?
  /// Being asked for; nil if nothing is.
  private var asked: [UInt32: UInt64]?
  /// Safe, and not acknowledged yet.
  private var safe: Batch?
  private var acknowledgedByteCount: UInt64 = 0
  private var isSubscriptionDue = false
  private var flow = Flow.running
  /// Seconds before the latest attempt; 0 while there is nothing to try again.
  private var backOff = 0.0
  private var lookAt: UInt64
  /// Before this no segment is closed, as one could not be named.
  private var rotationPause: UInt64 = 0

  /// An archiver whose file is open.
  init(_ settings: Configuration.Verbatim, limits: Limits, at time: UInt64) {
    self.settings = settings
    self.limits = limits
    lookAt = Self.time(limits.presence, after: time)
  }

  /// Whether the disk has all that was written, or what it has not is given up.
  var isSynchronised: Bool { asked == nil && written == nil }

  /// Whether reading has stopped.
  var isPaused: Bool { flow != .running }

  /// Whether the file takes what comes.
  var isWriting: Bool { if case .writing = phase { true } else { false } }

  /// What happened to the file that archiving has to begin anew for.
  var harm: Harm? { if case .lost(let harm, _) = phase { harm } else { nil } }

  /// When `tick` is to be called at the latest; 0 is at once.
  var deadline: UInt64 {
    var deadline = min(lookAt, safe?.due ?? .max, flow == .resuming ? 0 : .max)
    if asked == nil, let written { deadline = min(deadline, written.due) }
    switch phase {
    case .writing(isDue: true, _): deadline = 0
    case .failing(let time), .closed(.suspension(let time)): deadline = min(deadline, time)
    case .lost(_, let time) where asked == nil: deadline = min(deadline, time)
    case .writing, .lost, .closed(.rotation), .closed(.reopening): break
    case .ended: deadline = .max
    }
    return deadline
  }

  // MARK: What comes, and time

  /// Records were queued.
  mutating func received(_ figures: Figures) -> [Action] {
    if case .writing(_, let movedAt) = phase {
      if figures.queuedCount >= limits.batch { return write() }
      phase = .writing(isDue: true, movedAt: movedAt)
    }
    return adjustFlow(figures)
  }

  /// Writes what waits.
  mutating func write() -> [Action] {
    guard case .writing(_, let movedAt) = phase else { return [] }
    phase = .writing(movedAt: movedAt)
    return [.write]
  }

  /// Time has passed: does the first thing that is due.
  mutating func tick(at time: UInt64) -> [Action] {
    if flow == .resuming {
      flow = .running
      return [.resume]
    }
    if let action = ask(at: time).first { return [action] }
    switch phase {
    case .writing(isDue: true, _): return write()
    case .failing(let retryAt) where retryAt <= time: return [.open]
    case .lost(let harm, let retryAt) where retryAt <= time && asked == nil: return [.startOver(harm)]
    case .closed(.suspension(let until)) where until <= time: return [.say(.unsignalled)] + reopen(at: time)
    case .ended: return []
    case .writing, .failing, .lost, .closed: break
    }
    guard min(lookAt, safe?.due ?? .max) <= time else { return [] }
    if lookAt <= time { lookAt = Self.time(limits.presence, after: time) }
    return [.look]
  }

  // MARK: Writing

  /// Everything that waited is written; some of it by source up to these sequences.
  mutating func wrote(_ sequences: [UInt32: UInt64], _ figures: Figures, at time: UInt64) -> [Action] {
    let isFull = settings.rotateSize > 0 && figures.fileSize >= settings.rotateSize
    return note(sequences, figures, at: time) + adjustFlow(figures)
      + (isFull ? rotate(figures, at: time) : [])
  }

  /// The system refuses to write, to open a file or to begin anew.
  mutating func failed(_ error: ArchiveError, _ figures: Figures, at time: UInt64) -> [Action] {
    let isNew = error != refusal
    refusal = error
    backOff = backOff == 0 ? limits.retry : min(2 * backOff, 16 * limits.retry)
    let retryAt = Self.time(backOff, after: time)
    phase = harm.map { .lost($0, retryAt: retryAt) } ?? .failing(retryAt: retryAt)
    return (isNew ? [.say(.failing(error))] : []) + adjustFlow(figures)
  }

  /// A file is open, and all that waited is written to it.
  mutating func opened(_ sequences: [UInt32: UInt64], _ figures: Figures, at time: UInt64) -> [Action] {
    let isAgain = if case .failing = phase { true } else { false }
    phase = .writing()
    refusal = nil
    backOff = 0
    return note(sequences, figures, at: time) + [.say(isAgain ? .worksAgain : .opened)]
      + adjustFlow(figures) + [.tend]
  }

  /// Takes note of what is written.
  mutating func note(_ sequences: [UInt32: UInt64], _ figures: Figures, at time: UInt64) -> [Action] {
    let due: UInt64
    switch settings.fsync {
    case .none:
      settle(sequences, figures, at: time)
      return []
    case .batch: due = 0
    case .interval: due = Self.time(settings.fsyncInterval, after: time)
    }
    if written == nil { written = Batch(due: isSubscriptionDue ? 0 : due) }
    written?.merge(sequences)
    return ask(at: time)
  }

  /// Stops reading while too much waits for the file.
  private mutating func adjustFlow(_ figures: Figures) -> [Action] {
    switch flow {
    case .running where figures.queuedCount > limits.queue:
      flow = .paused
      return isWriting ? [.pause] : [.say(.readingStops), .pause]
    case .paused where figures.queuedCount <= limits.queue / 2:
      // Later, because what was received and not consumed is delivered then, and this may be a delivery.
      flow = .resuming
      return []
    case .running, .paused, .resuming: return []
    }
  }

  // MARK: The disk

  /// The disk has been asked to keep what was written.
  mutating func synchronised(_ error: IOError?, _ figures: Figures, at time: UInt64) -> [Action] {
    let sequences = asked ?? [:]
    asked = nil
    switch phase {
    case .lost, .ended: return []
    case .writing, .failing, .closed: break
    }
    if let error {
      // The kernel may show it as if the disk had it: so it is taken out of the file, and asked for again.
      return lose(.notSynchronised(error), at: time) + failed(.system(error), figures, at: time)
    }
    settle(sequences, figures, at: time)
    return ask(at: time) + proceed()
  }

  /// Asks for what is written at once.
  mutating func hurry(at time: UInt64) -> [Action] {
    written?.due = 0
    return ask(at: time)
  }

  /// The log server wants to know how far the archive has come, which it is told once the disk has that.
  mutating func awaitPositions(at time: UInt64) -> [Action] {
    isSubscriptionDue = true
    return hurry(at: time)
  }

  private mutating func ask(at time: UInt64) -> [Action] {
    guard asked == nil, let written, written.due <= time else { return [] }
    asked = written.sequences
    self.written = nil
    return [.synchronise]
  }

  /// These are safe, which the log server is told a little later.
  private mutating func settle(_ sequences: [UInt32: UInt64], _ figures: Figures, at time: UInt64) {
    guard safe != nil || !sequences.isEmpty else { return }
    let isMuch = figures.byteCount - acknowledgedByteCount >= UInt64(limits.batch)
    if safe == nil { safe = Batch(due: Self.time(limits.acknowledgement, after: time)) }
    if isMuch { safe?.due = time }
    safe?.merge(sequences)
  }

  // MARK: Closing and opening

  /// Closes the segment, unless it is empty.
  mutating func rotate(_ figures: Figures, at time: UInt64) -> [Action] {
    guard isWriting, figures.hasRecords, time >= rotationPause else { return [] }
    phase = .closed(.rotation)
    return [.close]
  }

  /// Somebody else rotates: closes the file until the next signal.
  mutating func suspend(at time: UInt64) -> [Action] {
    let until = Self.time(settings.rotationTimeout, after: time)
    switch phase {
    // It is opened anew in any case.
    case .lost, .ended: return []
    // A full segment is for whoever rotates to name now.
    case .closed:
      phase = .closed(.suspension(until: until))
      return []
    case .writing, .failing:
      phase = .closed(.suspension(until: until))
      return [.close]
    }
  }

  /// Opens the file anew; it may be a new one.
  mutating func reopen(at time: UInt64) -> [Action] {
    switch phase {
    case .lost, .ended, .closed(.reopening), .closed(.rotation): return []
    case .closed(.suspension):
      phase = .closed(.reopening)
      return proceed()
    case .writing, .failing:
      phase = .closed(.reopening)
      return [.close]
    }
  }

  /// The file is closed.
  mutating func closed(at time: UInt64) -> [Action] {
    let actions = hurry(at: time) + proceed()
    if case .closed(.suspension) = phase { return [.say(.suspended)] + actions }
    return actions
  }

  /// The segment has its name, or could not be given it and goes on.
  mutating func named(_ isNamed: Bool, at time: UInt64) -> [Action] {
    if !isNamed { rotationPause = Self.time(limits.tending, after: time) }
    phase = .closed(.reopening)
    return proceed()
  }

  /// Does what waits until the disk has all that was written.
  private mutating func proceed() -> [Action] {
    guard isSynchronised else { return [] }
    var actions: [Action] = isSubscriptionDue ? [.subscribe] : []
    isSubscriptionDue = false
    switch phase {
    case .closed(.rotation): actions.append(.name)
    case .closed(.reopening): actions.append(.open)
    case .writing, .failing, .lost, .closed(.suspension), .ended: break
    }
    return actions
  }

  // MARK: Loss

  /// The file was looked at; `.whole` also if none is open.
  mutating func found(_ presence: SegmentPresence, _ figures: Figures, at time: UInt64) -> [Action] {
    var isMoved = false
    switch (presence, phase) {
    case (_, .lost), (_, .ended): return []
    case (.deleted, _), (.shortened, _):
      return lose(.notThere(presence), at: time)
    case (.moved, .writing(let isDue, nil)): phase = .writing(isDue: isDue, movedAt: time)
    // Its records are there, under another name.
    case (.moved, .writing(_, let since?)): isMoved = time > Self.time(limits.moved, after: since)
    case (.whole, .writing(let isDue, _)): phase = .writing(isDue: isDue)
    case (.moved, .failing), (.moved, .closed), (.whole, .failing), (.whole, .closed): break
    }
    var actions: [Action] = []
    if let safe, safe.due <= time {
      actions.append(.acknowledge(safe.sequences))
      self.safe = nil
      acknowledgedByteCount = figures.byteCount
    }
    return isMoved ? actions + [.say(.moved)] + reopen(at: time) : actions
  }

  /// Acknowledges nothing more of what was written to the file, and leaves the log server until there is another.
  private mutating func lose(_ harm: Harm, at time: UInt64) -> [Action] {
    phase = .lost(harm, retryAt: time)
    refusal = nil
    written = nil
    safe = nil
    isSubscriptionDue = false
    return [.say(.lost(harm)), .disconnect]
  }

  /// A new beginning is made: what the sources still hold comes again.
  mutating func startedOver() -> [Action] {
    phase = .failing(retryAt: 0)
    acknowledgedByteCount = 0
    return [.reconnect, .open]
  }

  /// Nothing more is done.
  ///
  /// - Returns: what is safe and not acknowledged yet.
  mutating func end() -> [UInt32: UInt64] {
    phase = .ended
    return safe?.sequences ?? [:]
  }

  private static func time(_ seconds: Double, after time: UInt64) -> UInt64 { time + UInt64(seconds * 1e9) }
}
