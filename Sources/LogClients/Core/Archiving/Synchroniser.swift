import Bytes
import Configuration
import EventLoop
import Glibc

/// Has the disk keep what is written, as often as the configuration says, and says how far it does.
///
/// Waits for the disk on a thread of its own, so that the stream goes on meanwhile.
final class Synchroniser {
  /// What it tells.
  enum Outcome {
    /// The disk has these sequences, by source, and all before them.
    case done([UInt32: UInt64])
    /// The disk may have nothing that was written to the file since `synchronisedSize`.
    case failed(SegmentFile, IOError)
  }

  /// What asks the disk, and returns 0 or an error number; tests replace it.
  typealias Call = @Sendable (Int32) -> Int32

  private let policy: Configuration.Verbatim.Synchronisation
  private let interval: Double
  private let worker: Worker
  private let call: Call
  private let report: (Outcome) -> Void
  private var timer: TimerWatcher?
  private var written: [UInt32: UInt64] = [:]
  private var file: SegmentFile?

  /// Creates a synchroniser of what is written from now on.
  init(
    _ configuration: Configuration.Verbatim,
    on loop: EventLoop,
    call: @escaping Call,
    report: @escaping (Outcome) -> Void
  ) {
    policy = configuration.fsync
    interval = configuration.fsyncInterval
    worker = Worker(on: loop)
    self.call = call
    self.report = report
    timer = TimerWatcher(on: loop) { [unowned self] in begin() }
  }

  /// Asks for `fdatasync(2)`; what cannot be synchronised, such as a device, is as safe as it gets.
  static let systemCall: Call = { descriptor in
    while fdatasync(descriptor) != 0 {
      if errno == EINTR { continue }
      return errno == EINVAL || errno == EROFS ? 0 : errno
    }
    return 0
  }

  /// Whether the disk has all that was written.
  var isIdle: Bool { worker.isIdle && file == nil }

  /// Takes note of what was written to a file, all of it whole records.
  func wrote(_ sequences: [UInt32: UInt64], to file: SegmentFile) {
    guard policy != .none else { return report(.done(sequences)) }
    written.merge(sequences) { max($0, $1) }
    self.file = file
    switch policy {
    case .none: break
    case .batch: if worker.isIdle { begin() }
    case .interval: if timer?.isRunning == false { timer?.start(after: interval) }
    }
  }

  /// Nothing more is written to the file for now: asks at once for what is still to be asked for.
  func hurry() { begin() }

  /// Waits until the disk has all that was written.
  func drain() {
    while !isIdle {
      begin()
      worker.drain()
    }
  }

  /// Forgets what is written; what is being asked for is still reported.
  func forget() {
    timer?.cancel()
    written = [:]
    file = nil
  }

  private func begin() {
    timer?.cancel()
    guard let file else { return }
    let (sequences, size, descriptor) = (written, file.wholeSize, file.descriptor)
    written = [:]
    self.file = nil
    worker.run { [call] in
      call(descriptor)
    } then: { [unowned self] code in
      // The file stays open for as long as this is waited for.
      if code == 0 {
        // The system says once that it lost something; what it says of the same file afterwards is not of that.
        guard !file.hasLost else { return }
        file.synchronisedSize = max(file.synchronisedSize, size)
        if policy == .batch { begin() }
        report(.done(sequences))
      } else {
        file.hasLost = true
        report(.failed(file, IOError("synchronise \(file.path)", code: code)))
      }
    }
  }
}
