import Bytes
import EventLoop
import Foundation

/// One run of a program, from start to end. Its output is discarded.
struct FilesRun {
  /// Seconds from start to end.
  let seconds: Double

  /// Seconds of processor time, including the kernel's.
  let processorTime: Double

  /// The peak memory in bytes.
  let memory: Double

  /// Whether the run took so long that one sample is enough.
  var isLong: Bool { seconds > 10 }

  /// Runs a program.
  ///
  /// - Parameter words: the program's path and its arguments.
  /// - Throws: `IOError` if it cannot be started, `Failure` if it fails.
  init(_ words: [String]) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    let arguments = words.map { strdup($0) } + [nil]
    defer { arguments.forEach { free($0) } }
    let start = Clock.monotonic()
    var id: pid_t = 0
    let code = posix_spawn(&id, words[0], &actions, nil, arguments, environ)
    guard code == 0 else { throw IOError("start \(words[0])", code: code) }
    Keeper.shared.keep(id)
    var status: Int32 = 0
    var usage = rusage()
    while wait4(id, &status, 0, &usage) < 0, errno == EINTR {}
    seconds = Double(Clock.monotonic() - start) * 1e-9
    Keeper.shared.forget(id)
    guard status == 0 else { throw Failure(words: words, status: status) }
    func time(_ value: timeval) -> Double { Double(value.tv_sec) + Double(value.tv_usec) * 1e-6 }
    processorTime = time(usage.ru_utime) + time(usage.ru_stime)
    memory = Double(usage.ru_maxrss) * 1024
  }

  /// A program that failed.
  struct Failure: Error, CustomStringConvertible {
    let words: [String]
    let status: Int32
    var description: String { "\(words.joined(separator: " ")) ended with status \(status)" }
  }
}
