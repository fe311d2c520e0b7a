public import Bytes
public import Configuration
internal import Glibc
public import Logging

/// What a daemon's program runs with.
public final class RunningDaemon {
  /// The program's name: "logserver".
  public let program: String

  /// What the operator chose.
  public let configuration: Configuration

  /// What the program says of itself.
  public let log: Logger

  /// The group that unix sockets are given to; nil to leave them with the process's own.
  public let socketGroup: UInt32?

  /// The service manager that wants to be told how the daemon is; nil where there is none.
  public let manager = ServiceManager()

  private let readiness: Readiness?
  private let logfile: String?

  /// Whether stderr is a file of its own.
  var hasLogFile: Bool { logfile != nil }

  init(
    program: String,
    configuration: Configuration,
    log: Logger,
    readiness: Readiness?,
    logfile: String?
  ) {
    self.program = program
    self.configuration = configuration
    self.log = log
    self.readiness = readiness
    self.logfile = logfile
    socketGroup = Privileges.socketGroup(for: configuration)
  }

  /// Says that the daemon is up: it listens, and its loop is about to run.
  ///
  /// In the background the command that started it returns now, and stderr leaves the terminal. A service manager is
  /// told.
  /// Calling it again does nothing.
  public func ready() {
    manager?.ready()
    guard let readiness, !readiness.isTold else { return }
    if logfile == nil { try? Daemonizer.redirect("/dev/null", O_RDWR, to: [STDERR_FILENO]) }
    readiness.ready()
  }

  /// Opens the log file anew, after logrotate renamed it; nothing without `--logfile`.
  public func reopenLogFile() throws(IOError) {
    guard let logfile else { return }
    try Daemonizer.redirect(
      logfile,
      O_WRONLY | O_CREAT | O_APPEND,
      to: [STDOUT_FILENO, STDERR_FILENO]
    )
  }
}
