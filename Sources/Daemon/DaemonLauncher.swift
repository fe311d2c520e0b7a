internal import Bytes
public import Configuration
internal import Glibc
internal import Logging

/// What every daemon does before its own work and after it.
public enum DaemonLauncher {
  /// Exit statuses, as `sysexits.h` numbers them where it does.
  public enum Status {
    /// All went well.
    public static let success: Int32 = 0
    /// The daemon could not start, or its work ended with an error.
    public static let failure: Int32 = 1
    /// The configuration is wrong.
    public static let configuration: Int32 = 78
  }

  /// Starts a daemon, runs its work and cleans up: for a main file that then exits with the status.
  ///
  /// In order: reads the configuration, goes into the background if asked to, makes `logger.root`, the
  /// pid file's folder and `folders`, takes the pid file, drops root's powers, runs `body`, removes the pid
  /// file. Errors are shown on stderr; in the background, until the daemon is ready, by the command
  /// that started it. SIGPIPE is ignored and the umask is 002 throughout.
  ///
  /// - Parameters:
  ///   - program: the program's name, "logserver".
  ///   - options: its command line.
  ///   - own: what options of its own say of the configuration.
  ///   - folders: folders of its own to make besides, while it may still be root.
  ///   - body: its work: sets up, calls `ready()`, runs its loop, and returns on SIGTERM or SIGINT.
  /// - Returns: the exit status.
  public static func run(
    _ program: String,
    _ options: DaemonOptions,
    own: [Configuration.Override] = [],
    folders: (Configuration) -> [String] = { _ in [] },
    body: (RunningDaemon) throws -> Void
  ) -> Int32 {
    signal(SIGPIPE, SIG_IGN)
    umask(0o002)
    var readiness: Readiness?
    do {
      try DescriptorRoom.check()
      let configuration = try options.common.configuration(own: own)
      let account = try Privileges.account(for: configuration)
      let folder = getcwd(nil, 0).map { String(cString: $0) + "/" } ?? "/"
      func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : folder + path }
      let logfile = options.logfile.map(absolute)
      let pidfile = options.pidfile.map(absolute) ?? configuration.runPath + program + ".pid"
      if options.daemonize == .yes {
        switch try Daemonizer.detach() {
        case .launcher(let outcome): return report(outcome, program)
        case .daemon(let ours): readiness = ours
        }
      }
      let daemon = RunningDaemon(
        program: program,
        configuration: configuration,
        log: options.common.logger(for: program),
        readiness: readiness,
        logfile: logfile
      )
      let above = pidfile[..<(pidfile.lastIndex(of: "/") ?? pidfile.startIndex)]
      for path in [configuration.logger.root, String(above)] + folders(configuration) {
        try Folder.create(path, owner: account)
      }
      try work(daemon, pidfile: pidfile, account: account, body: body)
      readiness?.failed("it ended before it was ready")
      return Status.success
    } catch {
      let status = error is ConfigurationError ? Status.configuration : Status.failure
      if let readiness, !readiness.isTold {
        readiness.failed("\(error)")
        return status
      }
      for line in "\(error)".split(separator: "\n") { complain("\(program): \(line)") }
      return status
    }
  }

  private static func work(
    _ daemon: RunningDaemon,
    pidfile: String,
    account: Account?,
    body: (RunningDaemon) throws -> Void
  ) throws {
    try daemon.reopenLogFile()
    // The log file has to be opened again once root's powers are gone.
    if let account, daemon.hasLogFile {
      _ = fchown(STDERR_FILENO, account.user ?? .max, account.group ?? .max)
    }
    let lock = try PidFile(path: pidfile, owner: account)
    defer { lock.remove() }
    if let account { try Privileges.drop(to: account) }
    if let warning = Privileges.warning(for: daemon.configuration) { daemon.log.warning("\(warning)") }
    try body(daemon)
  }

  /// Shows how the daemon's start went.
  private static func report(_ outcome: Daemonizer.Outcome, _ program: String) -> Int32 {
    switch outcome {
    case .ready: return Status.success
    case .failed(let reason):
      for line in reason.split(separator: "\n") { complain("\(program): \(line)") }
    case .died: complain("\(program): it ended before it was ready")
    }
    return Status.failure
  }

  private static func complain(_ line: String) {
    StandardErrorLog.write(line + "\n")
  }
}
