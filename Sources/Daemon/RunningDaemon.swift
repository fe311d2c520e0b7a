public import Bytes
public import Configuration
internal import Glibc
public import Logging

/// A daemon's environment: configuration, log and service manager.
public final class RunningDaemon {
  /// The program's name, such as "logserver".
  public let program: String

  /// The operator's configuration.
  public let configuration: Configuration

  /// The program's log.
  public let log: Logger

  /// The id of the group for unix sockets; nil to leave them with the process's own group.
  public let socketGroup: UInt32?

  /// The service manager to notify; nil if there is none.
  public let manager = ServiceManager()

  private let readiness: Readiness?
  private let logfile: String?

  /// Whether stderr goes to a log file.
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

  /// Reports that the daemon is ready: it listens, and its loop is about to run.
  ///
  /// In the background, the launching command returns now and stderr leaves the terminal. The service manager
  /// is notified. Further calls only notify it again.
  public func ready() {
    manager?.ready()
    guard let readiness, !readiness.isTold else { return }
    if logfile == nil { try? Daemonizer.redirect("/dev/null", O_RDWR, to: [STDERR_FILENO]) }
    readiness.ready()
  }

  /// Reopens the log file after logrotate has renamed it. Does nothing without `--logfile`.
  public func reopenLogFile() throws(IOError) {
    guard let logfile else { return }
    try Daemonizer.redirect(
      logfile,
      O_WRONLY | O_CREAT | O_APPEND,
      to: [STDOUT_FILENO, STDERR_FILENO]
    )
  }
}
