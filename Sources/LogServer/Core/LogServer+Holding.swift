import EventLoop

/// Tracks whether a reader keeps reading its queue.
struct ReaderProgress {
  private var sentBefore: UInt64 = 0
  private var holdsInVain = 0

  /// A reader lags if more bytes than this are queued for it.
  static let lag = 4 << 20

  /// Number of holds without progress after which sources are no longer held up for a reader. It had time
  /// enough to run.
  private static let patience = 25

  /// Whether much is queued although the reader keeps reading: it gets too little of the processor.
  func isLagging(_ stream: ByteStream, limit: Int) -> Bool {
    stream.unsentCount > min(Self.lag, limit / 4)
      && (holdsInVain < Self.patience || stream.bytesSent != sentBefore)
  }

  /// Remembers the reader's position when a hold begins.
  mutating func begin(_ stream: ByteStream) {
    if stream.bytesSent != sentBefore { holdsInVain = 0 }
    sentBefore = stream.bytesSent
  }

  /// Counts a hold that brought the reader no progress: it may lag for reasons of its own.
  mutating func end(_ stream: ByteStream) {
    if stream.bytesSent == sentBefore { holdsInVain += 1 }
  }
}

/// Holds sources up for moments when the machine is at its limit, so that readers get processor time and lose
/// nothing. Below 256 MiB/s in total sources are never held up, however slow a reader is. Above that, a slow
/// reader does not hold them up for long: a reader that reads nothing in 25 ms is ignored until it reads
/// again, and so is one that already misses records.
extension LogServer {
  /// Longest hold, in seconds.
  private static let holdTime = 0.001

  /// Least bytes received between two holds.
  private static let holdDistance = 256 << 10

  /// Time in ns for `holdDistance` bytes. Sources that need less are faster than any network, and may be held
  /// up.
  private static let holdPace: UInt64 = 1_000_000

  /// Holds sources up if readers lag and sources are fast.
  func holdIfLagging() {
    guard takenSinceHold >= Self.holdDistance, !isHolding else { return }
    let now = Clock.monotonic()
    let isFast = now - takenFrom < Self.holdPace * UInt64(takenSinceHold / Self.holdDistance)
    takenSinceHold = 0
    takenFrom = now
    guard isFast, isAnyLagging else { return }
    isHolding = true
    for reader in readers { reader.holdBegins() }
    for reader in coinscopeReaders { reader.holdBegins() }
    pauseSources()
    if hold == nil { hold = TimerWatcher(on: loop) { [unowned self] in endHold() } }
    hold?.start(after: Self.holdTime)
  }

  /// Resumes sources as soon as no reader lags.
  func readerDidDrain() {
    if isHolding, !isAnyLagging { endHold() }
    endArchiveHoldIfPossible()
  }

  private func endHold() {
    isHolding = false
    takenFrom = Clock.monotonic()
    hold?.cancel()
    for reader in readers { reader.holdEnds() }
    for reader in coinscopeReaders { reader.holdEnds() }
    resumeSources()
  }

  /// Whether sources are held up, for readers or for an archive.
  var isPaused: Bool { isHolding || archiveHold != nil }

  private func pauseSources() {
    for link in sourceLinks { link.pause() }
    for link in coinscopeSources { link.pause() }
  }

  private func resumeSources() {
    // Resuming delivers buffered records at once, which can start the next hold.
    for link in sourceLinks where !isPaused { link.resume() }
    for link in coinscopeSources where !isPaused { link.resume() }
  }

  private var isAnyLagging: Bool {
    readers.contains { $0.isLagging } || coinscopeReaders.contains { $0.isLagging }
  }
}

/// The state of a hold for archives that are behind.
struct ArchiveHold {
  /// By archive: the bytes its socket had accepted when that last changed, and the time of that check, on the
  /// monotonic clock in ns.
  var progress: [ObjectIdentifier: (sentCount: UInt64, at: UInt64)] = [:]
}

/// Holds sources up while an archive's queue is more than half full. The sources' own buffers then fill up,
/// and they slow down before anything is lost. An archive that reads nothing for a second lapses: other
/// readers get new records again, and the archive gets the rest from the sources later.
extension LogServer {
  /// Seconds between two checks of the archives' progress.
  private static let archiveLook = 0.05

  /// Holds sources up if an archive's queue is more than half full.
  func holdForArchives() {
    guard archiveHold == nil, readers.contains(where: \.isFull) else { return }
    archiveHold = ArchiveHold()
    pauseSources()
    if archiveHoldTimer == nil {
      archiveHoldTimer = TimerWatcher(on: loop) { [unowned self] in lookAtArchives() }
    }
    archiveHoldTimer?.start(after: 0, every: Self.archiveLook)
  }

  /// Resumes sources once every archive's queue has drained to a quarter.
  func endArchiveHoldIfPossible() {
    guard archiveHold != nil, !readers.contains(where: \.isFilled) else { return }
    archiveHold = nil
    archiveHoldTimer?.cancel()
    if !isHolding { resumeSources() }
  }

  private func lookAtArchives() {
    guard var hold = archiveHold else { return }
    let now = Clock.monotonic()
    for reader in readers where reader.isFilled {
      let id = ObjectIdentifier(reader)
      if let last = hold.progress[id], last.sentCount == reader.sentCount {
        if now - last.at > UInt64(archivePatience * 1e9) { reader.lapse() }
      } else {
        hold.progress[id] = (reader.sentCount, now)
      }
    }
    archiveHold = hold
    endArchiveHoldIfPossible()
  }
}
