import EventLoop
import Logging

/// Runs a `SegmentKeeper` on a thread of its own, and logs its work.
final class SegmentTender {
  private let worker: Worker
  private let log: Logger
  private let cancellation = SegmentKeeper.Cancellation()
  /// The next run, for when the worker is idle.
  private var next: (keeper: SegmentKeeper, start: UInt64)?

  /// Creates a tender that has not run yet.
  init(on loop: EventLoop, log: Logger) {
    worker = Worker(on: loop, niceness: 10)
    self.log = log
  }

  deinit { cancel() }

  /// Whether no work is in progress.
  var isIdle: Bool { worker.isIdle }

  /// Maintains the segments of a folder. If a run is in progress, another one follows it.
  ///
  /// - Parameters:
  ///   - closedInode: the inode of the segment that another program closed last.
  ///   - start: the start of the open segment, in ns since the Unix epoch.
  func tend(
    _ folder: String,
    _ archive: String,
    _ rules: SegmentKeeper.Rules,
    closedInode: UInt64?,
    openSince start: UInt64
  ) {
    let keeper = SegmentKeeper(
      folder: folder,
      archive: archive,
      rules: rules,
      closedInode: closedInode,
      cancellation: cancellation
    )
    next = (keeper, start)
    if worker.isIdle { goOn() }
  }

  /// Stops the work in progress early.
  func cancel() { cancellation.cancel() }

  private func goOn() {
    guard let (keeper, start) = next else { return }
    next = nil
    let now = Clock.now() / 1000
    worker.run {
      keeper.tend(openStart: start / 1000, at: now)
    } then: { [unowned self] notes in
      for note in notes { say(note) }
      goOn()
    }
  }

  private func say(_ note: SegmentKeeper.Note) {
    switch note {
    case .compressed(let name, let before, let after):
      log.info("compressed \(name)", metadata: ["before": "\(before)", "after": "\(after)"])
    case .deleted(let name, let count, let reason):
      log.notice("deleted \(name): \(reason)", metadata: ["bytes": "\(count)"])
    case .cleaned(let name, let kind): log.notice("removed \(name): \(kind)")
    case .failed(let reason): log.error("\(reason): retried at the next rotation or start")
    }
  }
}
