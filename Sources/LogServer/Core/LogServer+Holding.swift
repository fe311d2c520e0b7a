import EventLoop

/// How far a reader comes with what waits for it.
struct ReaderProgress {
  private var sentBefore: UInt64 = 0
  private var holdsInVain = 0

  /// How many bytes wait for a reader that lags behind.
  static let lag = 4 << 20

  /// After so many holds in which it took nothing a reader is waited for no longer: it had time enough to get its
  /// turn.
  private static let patience = 25

  /// Whether much waits for a reader, though it takes some of it all the time: it has too little of the processor.
  func isLagging(_ stream: ByteStream, limit: Int) -> Bool {
    stream.unsentCount > min(Self.lag, limit / 4)
      && (holdsInVain < Self.patience || stream.bytesSent != sentBefore)
  }

  /// Sources are held up from now on.
  mutating func begin(_ stream: ByteStream) {
    if stream.bytesSent != sentBefore { holdsInVain = 0 }
    sentBefore = stream.bytesSent
  }

  /// Sources go on; where that brought the reader nothing, it may lag for reasons of its own.
  mutating func end(_ stream: ByteStream) {
    if stream.bytesSent == sentBefore { holdsInVain += 1 }
  }
}

/// Sources are held up for moments where the machine is at its limit, so that readers get their turn and nothing is
/// lost. Less than 256 MiB/s in all is never held up, however slow a reader is; nor is more for long where one is
/// slow by itself: one that takes nothing in 25 ms is not waited for until it does again, nor one that misses
/// records already.
extension LogServer {
  /// Most seconds of one hold.
  private static let holdTime = 0.001

  /// How many bytes are taken at least between two.
  private static let holdDistance = 256 << 10

  /// Nanoseconds in which they are taken where sources are faster than any network, and may be held up.
  private static let holdPace: UInt64 = 1_000_000

  /// Holds sources up where readers lag and sources are fast.
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

  /// Lets sources go on as soon as no reader lags.
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

  /// Whether sources are held up.
  var isPaused: Bool { isHolding || archiveHold != nil }

  private func pauseSources() {
    for link in sourceLinks { link.pause() }
    for link in coinscopeSources { link.pause() }
  }

  private func resumeSources() {
    // What a source had sent before may be delivered now, and have sources held up again.
    for link in sourceLinks where !isPaused { link.resume() }
    for link in coinscopeSources where !isPaused { link.resume() }
  }

  private var isAnyLagging: Bool {
    readers.contains { $0.isLagging } || coinscopeReaders.contains { $0.isLagging }
  }
}

/// What is known of archives that sources are held up for.
struct ArchiveHold {
  /// By archive: how much its socket had taken when that was last seen to have changed, and when that was, on the
  /// monotonic clock in ns.
  var progress: [ObjectIdentifier: (sentCount: UInt64, at: UInt64)] = [:]
}

/// Sources are held up while half of what may wait waits for an archive: what they have then counts against their own
/// bounds, and they slow down before anything is lost. An archive that takes nothing for a second is waited for no
/// longer: it lapses, other readers get what comes, and it gets the rest from the sources later.
extension LogServer {
  /// Seconds between two looks at how far full archives have come.
  private static let archiveLook = 0.05

  /// Holds sources up where an archive is full.
  func holdForArchives() {
    guard archiveHold == nil, readers.contains(where: \.isFull) else { return }
    archiveHold = ArchiveHold()
    pauseSources()
    if archiveHoldTimer == nil {
      archiveHoldTimer = TimerWatcher(on: loop) { [unowned self] in lookAtArchives() }
    }
    archiveHoldTimer?.start(after: 0, every: Self.archiveLook)
  }

  /// Lets sources go on once no archive is full.
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
