import Bytes
import Configuration
import LogText

/// The archiver's state machine: decides the next actions on the file, and when they are due. Does no I/O.
///
/// Each event returns the actions that follow from it, in order. The actions `write`, `close`, `name`,
/// `open`, `startOver` and `look` report their result as another event; only the last action of an event may
/// be one of these. All times are in ns on a monotonic clock.
struct ArchiveState {
  /// Times and sizes that tests make smaller.
  struct Limits {
    /// Bytes that may be queued for the file before the archiver stops reading.
    var queue = 64 << 20
    /// Queued bytes that are written before the batch ends, and written bytes that are acknowledged without
    /// delay.
    var batch = 1 << 20
    /// Seconds before the first retry after a failed write. Each retry doubles the back-off, up to 16 times
    /// this value.
    var retry = 1.0
    /// Seconds for which acknowledgements are collected.
    var acknowledgement = 0.05
    /// Seconds between checks of the age of closed segments, and before the next rotation after a failed one.
    var tending = 60.0
    /// Seconds between checks that the file is still there while nothing is acknowledged.
    var presence = 1.0
    /// Seconds after which a new file is opened if the old one was renamed without a signal.
    var moved = 10.0
    /// Flushes a descriptor's file to disk, on a thread of its own; returns 0 or an errno.
    var synchronise: @Sendable (Int32) -> Int32 = SegmentFile.synchronise
  }

  typealias Figures = ArchiveWriter.Figures

  /// The state of the file.
  enum Phase: Equatable {
    /// The file is open and accepts records. If `isDue`, queued records are written at the end of the batch.
    /// `movedAt` is the time when the file was first found not to be under its name.
    case writing(isDue: Bool = false, movedAt: UInt64? = nil)
    /// A system call failed and is retried.
    case failing(retryAt: UInt64)
    /// The file may lack records that were written to it. Archiving starts over when the pending flush has
    /// ended.
    case lost(Harm, retryAt: UInt64)
    /// The file is closed.
    case closed(Purpose)
    /// Everything is written, or the archiver has given up.
    case ended
  }

  /// The reason why the file is closed.
  enum Purpose: Equatable {
    /// The segment is full. When it is flushed to disk, it is renamed and the next one is opened.
    case rotation
    /// The file is reopened when it is flushed to disk, because the head of the next file states the
    /// archive's positions.
    case reopening
    /// Another program rotates. The file is reopened at the second signal, or at this time.
    case suspension(until: UInt64)
  }

  /// Damage that can happen to the file.
  enum Harm: Equatable {
    /// Flushing it to disk failed.
    case notSynchronised(IOError)
    /// Somebody deleted or shortened it.
    case notThere(SegmentPresence)
  }

  /// An action for the archiver to carry out.
  enum Action: Equatable {
    /// Write the queue; the result is `wrote` or `failed`.
    case write
    /// Close the file at the end of a whole record; the result is `closed`.
    case close
    /// Rename the closed segment; the result is `named`.
    case name
    /// Open the file unless it is open, and write the queue; the result is `opened` or `failed`.
    case open
    /// Start over from the records that are on disk; the result is `startedOver` or `failed`.
    case startOver(Harm)
    /// Check that the file is there; the result is `found`.
    case look
    /// Flush the written records to disk; the result is a later `synchronised`.
    case synchronise
    /// Acknowledge these sequence numbers, by source, to the log server.
    case acknowledge([UInt32: UInt64])
    /// Subscribe at the log server with the archive's positions.
    case subscribe
    /// Leave the log server without goodbye; reconnect to it.
    case disconnect, reconnect
    /// Stop reading; resume reading.
    case pause, resume
    /// Check the closed segments.
    case tend
    /// Write a log message.
    case say(Note)
  }

  /// A log message.
  enum Note: Equatable {
    /// A system call fails.
    case failing(ArchiveError)
    /// Writing works again after a failure.
    case worksAgain
    /// A file was opened.
    case opened
    /// The file was closed at a signal.
    case suspended
    /// The second signal did not come in time.
    case unsignalled
    /// The file was renamed without a signal.
    case moved
    /// The file may lack records that were written to it.
    case lost(Harm)
    /// Reading stops because the file cannot be written.
    case readingStops
  }

  /// Sequence numbers by source, and the time when they are due to be flushed or acknowledged.
  private struct Batch {
    var sequences: [UInt32: UInt64] = [:]
    var due: UInt64

    mutating func merge(_ others: [UInt32: UInt64]) { sequences.merge(others) { max($0, $1) } }
  }

  private enum Flow { case running, paused, resuming }

  /// The archiver's configuration.
  var settings: Configuration.Verbatim

  /// The state of the file.
  private(set) var phase = Phase.writing()

  /// The latest failure; nil after the failed action has succeeded.
  private(set) var refusal: ArchiveError?

  private let limits: Limits
  /// Written, but not being flushed yet.
  private var written: Batch?
  /// Being flushed to disk; nil if no flush is pending.
  private var asked: [UInt32: UInt64]?
  /// Safe, but not acknowledged yet.
  private var safe: Batch?
  private var acknowledgedByteCount: UInt64 = 0
  private var isSubscriptionDue = false
  private var flow = Flow.running
  /// Seconds before the latest retry; 0 if there is nothing to retry.
  private var backOff = 0.0
  private var lookAt: UInt64
  /// No segment is rotated before this time, because renaming one failed.
  private var rotationPause: UInt64 = 0

  /// Creates the state of an archiver whose file is open.
  init(_ settings: Configuration.Verbatim, limits: Limits, at time: UInt64) {
    self.settings = settings
    self.limits = limits
    lookAt = Self.time(limits.presence, after: time)
  }

  /// Whether every written record is flushed to disk or given up.
  var isSynchronised: Bool { asked == nil && written == nil }

  /// Whether the archiver has stopped reading.
  var isPaused: Bool { flow != .running }

  /// Whether the file is open and accepts records.
  var isWriting: Bool { if case .writing = phase { true } else { false } }

  /// The damage for which archiving has to start over; nil if there is none.
  var harm: Harm? { if case .lost(let harm, _) = phase { harm } else { nil } }

  /// The latest time at which to call `tick`; 0 means at once.
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

  // MARK: Records and time

  /// Handles newly queued records.
  mutating func received(_ figures: Figures) -> [Action] {
    if case .writing(_, let movedAt) = phase {
      if figures.queuedCount >= limits.batch { return write() }
      phase = .writing(isDue: true, movedAt: movedAt)
    }
    return adjustFlow(figures)
  }

  /// Writes the queue, if the file is open.
  mutating func write() -> [Action] {
    guard case .writing(_, let movedAt) = phase else { return [] }
    phase = .writing(movedAt: movedAt)
    return [.write]
  }

  /// Does the first action that is due at a time.
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

  /// Handles a finished write: the queue is empty, and these sequence numbers, by source, were written.
  mutating func wrote(_ sequences: [UInt32: UInt64], _ figures: Figures, at time: UInt64) -> [Action] {
    let isFull = settings.rotateSize > 0 && figures.fileSize >= settings.rotateSize
    return note(sequences, figures, at: time) + adjustFlow(figures)
      + (isFull ? rotate(figures, at: time) : [])
  }

  /// Handles a failure to write, to open a file or to start over.
  mutating func failed(_ error: ArchiveError, _ figures: Figures, at time: UInt64) -> [Action] {
    let isNew = error != refusal
    refusal = error
    backOff = backOff == 0 ? limits.retry : min(2 * backOff, 16 * limits.retry)
    let retryAt = Self.time(backOff, after: time)
    phase = harm.map { .lost($0, retryAt: retryAt) } ?? .failing(retryAt: retryAt)
    return (isNew ? [.say(.failing(error))] : []) + adjustFlow(figures)
  }

  /// Handles an opened file to which the queue has been written.
  mutating func opened(_ sequences: [UInt32: UInt64], _ figures: Figures, at time: UInt64) -> [Action] {
    let isAgain = if case .failing = phase { true } else { false }
    phase = .writing()
    refusal = nil
    backOff = 0
    return note(sequences, figures, at: time) + [.say(isAgain ? .worksAgain : .opened)]
      + adjustFlow(figures) + [.tend]
  }

  /// Records which sequence numbers were written, and flushes them as `verbatim.fsync` says.
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

  /// Stops reading while more than `limits.queue` bytes are queued, and resumes at half of that.
  private mutating func adjustFlow(_ figures: Figures) -> [Action] {
    switch flow {
    case .running where figures.queuedCount > limits.queue:
      flow = .paused
      return isWriting ? [.pause] : [.say(.readingStops), .pause]
    case .paused where figures.queuedCount <= limits.queue / 2:
      // Delayed, because resuming delivers records that were already received, and this call may come from a
      // delivery.
      flow = .resuming
      return []
    case .running, .paused, .resuming: return []
    }
  }

  // MARK: Flushing

  /// Handles the result of a flush.
  mutating func synchronised(_ error: IOError?, _ figures: Figures, at time: UInt64) -> [Action] {
    let sequences = asked ?? [:]
    asked = nil
    switch phase {
    case .lost, .ended: return []
    case .writing, .failing, .closed: break
    }
    if let error {
      // The kernel may show the pages as clean after a failed flush. So cut them off and request the records
      // again.
      return lose(.notSynchronised(error), at: time) + failed(.system(error), figures, at: time)
    }
    settle(sequences, figures, at: time)
    return ask(at: time) + proceed()
  }

  /// Flushes all written records at once.
  mutating func hurry(at time: UInt64) -> [Action] {
    written?.due = 0
    return ask(at: time)
  }

  /// The log server wants the archive's positions. They are sent when they are flushed to disk.
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

  /// Marks sequence numbers as safe. They are acknowledged a little later.
  private mutating func settle(_ sequences: [UInt32: UInt64], _ figures: Figures, at time: UInt64) {
    guard safe != nil || !sequences.isEmpty else { return }
    let isMuch = figures.byteCount - acknowledgedByteCount >= UInt64(limits.batch)
    if safe == nil { safe = Batch(due: Self.time(limits.acknowledgement, after: time)) }
    if isMuch { safe?.due = time }
    safe?.merge(sequences)
  }

  // MARK: Closing and opening

  /// Rotates: closes the segment, unless it is empty.
  mutating func rotate(_ figures: Figures, at time: UInt64) -> [Action] {
    guard isWriting, figures.hasRecords, time >= rotationPause else { return [] }
    phase = .closed(.rotation)
    return [.close]
  }

  /// Closes the file until the next signal, because another program rotates.
  mutating func suspend(at time: UInt64) -> [Action] {
    let until = Self.time(settings.rotationTimeout, after: time)
    switch phase {
    // The file is reopened in any case.
    case .lost, .ended: return []
    // Leave the name of a full segment to the other program.
    case .closed:
      phase = .closed(.suspension(until: until))
      return []
    case .writing, .failing:
      phase = .closed(.suspension(until: until))
      return [.close]
    }
  }

  /// Reopens the file, which may be a new one.
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

  /// Handles a closed file.
  mutating func closed(at time: UInt64) -> [Action] {
    let actions = hurry(at: time) + proceed()
    if case .closed(.suspension) = phase { return [.say(.suspended)] + actions }
    return actions
  }

  /// Handles a renamed segment, or one that could not be renamed and is continued.
  mutating func named(_ isNamed: Bool, at time: UInt64) -> [Action] {
    if !isNamed { rotationPause = Self.time(limits.tending, after: time) }
    phase = .closed(.reopening)
    return proceed()
  }

  /// Returns the actions that had to wait until every written record was flushed to disk.
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

  /// Handles the result of a check of the file; `.whole` also if no file is open.
  mutating func found(_ presence: SegmentPresence, _ figures: Figures, at time: UInt64) -> [Action] {
    var isMoved = false
    switch (presence, phase) {
    case (_, .lost), (_, .ended): return []
    case (.deleted, _), (.shortened, _):
      return lose(.notThere(presence), at: time)
    case (.moved, .writing(let isDue, nil)): phase = .writing(isDue: isDue, movedAt: time)
    // The records are safe under another name.
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

  /// Stops acknowledging records of the damaged file, and leaves the log server until there is another file.
  private mutating func lose(_ harm: Harm, at time: UInt64) -> [Action] {
    phase = .lost(harm, retryAt: time)
    refusal = nil
    written = nil
    safe = nil
    isSubscriptionDue = false
    return [.say(.lost(harm)), .disconnect]
  }

  /// Handles a successful start over: the sources send again what they still hold.
  mutating func startedOver() -> [Action] {
    phase = .failing(retryAt: 0)
    acknowledgedByteCount = 0
    return [.reconnect, .open]
  }

  /// Ends the archiver.
  ///
  /// - Returns: the sequence numbers that are safe but not acknowledged yet, by source.
  mutating func end() -> [UInt32: UInt64] {
    phase = .ended
    return safe?.sequences ?? [:]
  }

  private static func time(_ seconds: Double, after time: UInt64) -> UInt64 { time + UInt64(seconds * 1e9) }
}
