internal import Glibc
internal import Synchronization

/// The daemon's side of the pipe to the process that started it; only the first word is heard.
public final class Readiness: Sendable {
  /// The pipe; -1 once something has been told.
  private let pipe: Atomic<Int32>

  /// Creates the end that writes to `descriptor`, which it closes.
  init(descriptor: Int32) {
    pipe = Atomic(descriptor)
  }

  deinit {
    let descriptor = pipe.load(ordering: .relaxed)
    if descriptor >= 0 { close(descriptor) }
  }

  /// Whether something has been told.
  public var isTold: Bool { pipe.load(ordering: .relaxed) < 0 }

  /// Tells that the daemon is up: the command returns with success.
  public func ready() {
    tell("R")
  }

  /// Tells why the daemon is not up: the command shows it and returns with failure.
  public func failed(_ reason: String) {
    tell("E" + reason)
  }

  private func tell(_ word: String) {
    let descriptor = pipe.exchange(-1, ordering: .relaxed)
    if descriptor < 0 { return }
    // SIGPIPE is ignored by then: the process that started us may have been killed.
    _ = write(descriptor, word, word.utf8.count)
    close(descriptor)
  }
}
