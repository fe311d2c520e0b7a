import EventLoop
import Logging

/// Has closed segments looked after on a thread of its own, and logs what was done.
final class SegmentTender {
  private let worker: Worker
  private let log: Logger
  private let cancellation = SegmentKeeper.Cancellation()
  /// What is to be done once the worker is done.
  private var next: (keeper: SegmentKeeper, start: UInt64)?

  /// Creates a tender that has done nothing.
  init(on loop: EventLoop, log: Logger) {
    worker = Worker(on: loop, niceness: 10)
    self.log = log
  }

  deinit { cancel() }

  /// Whether nothing is being done.
  var isIdle: Bool { worker.isIdle }

  /// Looks after the segments of a folder; if that is going on already, once more afterwards.
  ///
  /// - Parameters:
  ///   - closedInode: the segment that somebody else closed last.
  ///   - start: when the open segment was begun, in ns since the Unix epoch.
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

  /// Ends early what is being done.
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
    case .failed(let reason): log.error("\(reason): tried again at the next rotation or start")
    }
  }
}
