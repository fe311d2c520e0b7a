import Bytes
import EventLoop
import Glibc
import LogProtocol

extension Verbatim {
  /// Sets the times at which segments are closed and looked after.
  func schedule() {
    rotationPeriod?.cancel()
    rotationPeriod = nil
    let interval = configuration.verbatim.rotateInterval
    if interval > 0 {
      rotationPeriod = PeriodicWatcher(every: interval, on: loop) { [unowned self] in
        write()
        rotate()
      }
    }
    tendTimer?.cancel()
    if configuration.verbatim.keepDays > 0 { tendTimer?.start(after: limits.tending, every: limits.tending) }
    tend()
  }

  /// Closes the segment where it has become as large as it may.
  func rotateWhereDue() {
    let limit = configuration.verbatim.rotateSize
    if limit > 0, writer.fileSize >= limit { rotate() }
  }

  /// Closes the segment, names it, and begins the next one.
  func rotate() {
    guard state == .writing, writer.segmentHasRecords, Clock.monotonic() >= rotationPause else { return }
    closeFile()
    state = .rotating
    if synchroniser.isIdle { endRotating() }
  }

  /// The disk has the segment: names it, and begins the next one.
  func endRotating() {
    do throws(IOError) {
      let path = try nameSegment()
      log.info("closed \(path)", metadata: ["records": "\(writer.segmentCount)"])
    } catch {
      log.error("\(error): the segment goes on; tried again in \(Int(limits.tending)) s at the earliest")
      rotationPause = Clock.monotonic() + UInt64(limits.tending * 1e9)
    }
    // Reads the segment's name from what is there.
    state = .suspended
    reopen()
  }

  /// Renames the segment that was closed; returns its name.
  private func nameSegment() throws(IOError) -> String {
    let folder = configuration.verbatim.logPath
    let newest = SegmentKeeper.list(folder, Self.fileName)?
      .compactMap { SegmentName($0.name, of: Self.fileName)?.start }.max()
    // Names rise, also where the clock was set back.
    let start = max(writer.segmentStart / 1000, newest.map { $0 + 1 } ?? 0)
    let path = folder + SegmentName(start: start).text(of: Self.fileName)
    guard rename(writer.path, path) == 0 else { throw IOError("rename \(writer.path) to \(path)") }
    return path
  }

  /// Has closed segments looked after, on a thread of its own; where that is going on already, once more.
  func tend() {
    guard keeping.isIdle else {
      isTendingDue = true
      return
    }
    isTendingDue = false
    let settings = configuration.verbatim
    let keeper = SegmentKeeper(
      folder: settings.logPath,
      archive: Self.fileName,
      rules: SegmentKeeper.Rules(
        format: writer.format,
        // The newest one tells how far the archive has come, until the next one does.
        compression: state == .writing ? settings.compression : 0,
        keepBytes: settings.keepBytes,
        keepTime: UInt64(settings.keepDays * 86_400_000_000)
      ),
      closedInode: writer.closedInode,
      cancellation: cancellation
    )
    let (start, now) = (writer.segmentStart / 1000, Clock.now() / 1000)
    keeping.run {
      keeper.tend(openStart: start, at: now)
    } then: { [unowned self] notes in
      for note in notes { say(note) }
      if isTendingDue { tend() }
    }
  }

  private func say(_ note: SegmentKeeper.Note) {
    switch note {
    case .compressed(let name, let before, let after):
      log.info("compressed \(name)", metadata: ["before": "\(before)", "after": "\(after)"])
    case .deleted(let name, let count, let reason):
      log.notice("deleted \(name): \(reason)", metadata: ["bytes": "\(count)"])
    case .cleaned(let name, let kind): log.notice("removed \(name): \(kind)")
    case .failed(let reason): log.error("\(reason): tried again at the next rotation or start")
    }
  }
}
