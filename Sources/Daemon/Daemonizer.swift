public import Bytes
internal import CDaemon
internal import Glibc

/// Puts a process into the background. The command returns when the daemon is ready or has failed.
///
/// It forks, so it must run before any thread and any event loop: libev's file descriptors do not survive a
/// fork.
public enum Daemonizer {
  /// The process that continues after `detach`.
  public enum Role: Sendable {
    /// The original process, after the daemon has reported its start.
    case launcher(Outcome)
    /// The daemon: no terminal, in "/", stdin and stdout on /dev/null, other descriptors closed.
    case daemon(Readiness)
  }

  /// The daemon's report of its start.
  public enum Outcome: Equatable, Sendable {
    /// The daemon is ready.
    case ready
    /// The daemon failed: the reason.
    case failed(String)
    /// The daemon ended without a report.
    case died
  }

  /// Forks twice and closes every descriptor from 3 up. stderr is kept until the daemon is ready.
  public static func detach() throws(IOError) -> Role {
    var pipe: [Int32] = [0, 0]
    if netmine_pipe(&pipe) != 0 { throw IOError("create a pipe to the daemon") }
    let role = netmine_detach()
    if role != 0 {
      let code = errno
      close(pipe[1])
      defer { close(pipe[0]) }
      if role < 0 { throw IOError("fork", code: code) }
      return .launcher(outcome(from: pipe[0]))
    }
    // A process that ends closes its descriptors in ascending order. With a high number, the launcher sees
    // the pipe close last, when the lock of the pid file is free.
    let high = fcntl(pipe[1], F_DUPFD_CLOEXEC, 512)
    let kept = high < 0 ? pipe[1] : high
    netmine_close_all_but(kept)
    let readiness = Readiness(descriptor: kept)
    do throws(IOError) {
      if chdir("/") != 0 { throw IOError("change to the folder /") }
      try redirect("/dev/null", O_RDWR, to: [STDIN_FILENO, STDOUT_FILENO])
    } catch {
      readiness.failed("\(error)")
      throw error
    }
    return .daemon(readiness)
  }

  /// Redirects descriptors to a file.
  static func redirect(_ path: String, _ flags: Int32, to descriptors: [Int32]) throws(IOError) {
    let file = open(path, flags | O_CLOEXEC, 0o664)
    if file < 0 { throw IOError("open \(path)") }
    defer { if file > STDERR_FILENO { close(file) } }
    for descriptor in descriptors where dup2(file, descriptor) < 0 {
      throw IOError("redirect descriptor \(descriptor) to \(path)")
    }
  }

  /// Waits for the daemon's report: "R", or "E" and the reason; end of file if the daemon ended.
  private static func outcome(from pipe: Int32) -> Outcome {
    var told: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while told.first != UInt8(ascii: "R") {
      let count = read(pipe, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      if count <= 0 { break }
      told += chunk[..<count]
    }
    switch told.first {
    case UInt8(ascii: "R"): return .ready
    case UInt8(ascii: "E"): return .failed(String(decoding: told.dropFirst(), as: UTF8.self))
    default: return .died
    }
  }
}
