internal import Glibc
internal import Synchronization

/// The daemon's end of the pipe to the launching command. Only the first report is sent.
public final class Readiness: Sendable {
  /// The pipe; -1 once a report was sent.
  private let pipe: Atomic<Int32>

  /// Takes over `descriptor` and closes it after the report.
  init(descriptor: Int32) {
    pipe = Atomic(descriptor)
  }

  deinit {
    let descriptor = pipe.load(ordering: .relaxed)
    if descriptor >= 0 { close(descriptor) }
  }

  /// Whether a report was sent.
  public var isTold: Bool { pipe.load(ordering: .relaxed) < 0 }

  /// Reports that the daemon is ready. The launching command exits with success.
  public func ready() {
    tell("R")
  }

  /// Reports a failure. The launching command prints the reason and exits with failure.
  public func failed(_ reason: String) {
    tell("E" + reason)
  }

  private func tell(_ word: String) {
    let descriptor = pipe.exchange(-1, ordering: .relaxed)
    if descriptor < 0 { return }
    // SIGPIPE is ignored by now: the launching command may have been killed.
    _ = write(descriptor, word, word.utf8.count)
    close(descriptor)
  }
}
