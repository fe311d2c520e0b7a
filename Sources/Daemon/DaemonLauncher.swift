internal import Bytes
public import Configuration
internal import Glibc
internal import Logging

/// A folder that a daemon needs.
public struct DaemonFolder: Equatable, Sendable {
  /// The absolute path.
  public let path: String

  /// The configuration key that sets the path.
  public let key: String

  /// Whether it only holds a socket of ours, so that it may be a sticky folder such as `/tmp`.
  public let isForSocket: Bool

  /// Describes a folder.
  public init(_ path: String, key: String, isForSocket: Bool = false) {
    self.path = path
    self.key = key
    self.isForSocket = isForSocket
  }
}

/// The start and end that all daemons share.
public enum DaemonLauncher {
  /// Exit statuses, numbered as in `sysexits.h` if it has them.
  public enum Status {
    /// The daemon ended normally.
    public static let success: Int32 = 0
    /// The daemon could not start, or ended with an error.
    public static let failure: Int32 = 1
    /// The configuration has errors.
    public static let configuration: Int32 = 78
  }

  /// Starts a daemon, runs its work and cleans up. The main file exits with the returned status.
  ///
  /// The order is: read the configuration; detach if requested; create `logger.root`, the pid file's folder
  /// and `folders`, and check that no other user can change them; lock the pid file; drop root's privileges;
  /// run `body`; remove the pid file. Errors are shown on stderr; in the background, until the daemon is
  /// ready, the launching command shows them. SIGPIPE is ignored and the umask is 002 throughout.
  ///
  /// - Parameters:
  ///   - program: the program's name, such as "logserver".
  ///   - options: the command line.
  ///   - own: overrides of the configuration from the program's own options.
  ///   - folders: further folders to create, possibly as root.
  ///   - body: the daemon's work: it sets up, calls `ready()`, runs its loop, and returns on SIGTERM or
  ///     SIGINT.
  /// - Returns: the exit status.
  public static func run(
    _ program: String,
    _ options: DaemonOptions,
    own: [Configuration.Override] = [],
    folders: (Configuration) -> [DaemonFolder] = { _ in [] },
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
      try prepare(configuration, account, pidFolder: String(above), folders(configuration))
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

  /// Creates missing folders, and checks that no other user can change any.
  private static func prepare(
    _ configuration: Configuration,
    _ account: Account?,
    pidFolder: String,
    _ own: [DaemonFolder]
  ) throws {
    // The group may write to new folders only if the operator has configured it.
    let group = configuration.permissions.group.flatMap { Privileges.groupNumber($0) }
    let isForGroup = group != nil && group == account?.group ?? getegid()
    let trust = FolderTrust(configuration)
    let pid = DaemonFolder(pidFolder, key: "run_path", isForSocket: true)
    for folder in [DaemonFolder(configuration.logger.root, key: "logger.root"), pid] + own
    where !folder.path.isEmpty {
      // Check first: root must not create anything in a folder that another user can move meanwhile.
      try trust.check(folder.path, key: folder.key, allowsSticky: true)
      try Folder.create(folder.path, owner: account, isForGroup: isForGroup)
      try trust.check(folder.path, key: folder.key, allowsSticky: folder.isForSocket)
    }
    for (address, key) in [
      (configuration.logger.publishAddress, "logger.publish_address"),
      (configuration.logger.subscribeAddress, "logger.subscribe_address"),
    ] where address.hasPrefix("/") {
      try trust.checkSocket(address, key: key)
    }
  }

  private static func work(
    _ daemon: RunningDaemon,
    pidfile: String,
    account: Account?,
    body: (RunningDaemon) throws -> Void
  ) throws {
    try daemon.reopenLogFile()
    // The log file has to be reopened after root's privileges are dropped.
    if let account, daemon.hasLogFile {
      _ = fchown(STDERR_FILENO, account.user ?? .max, account.group ?? .max)
    }
    let lock = try PidFile(path: pidfile, owner: account)
    defer { lock.remove() }
    if let account { try Privileges.drop(to: account) }
    if let warning = Privileges.warning(for: daemon.configuration) { daemon.log.warning("\(warning)") }
    try body(daemon)
  }

  /// Reports the daemon's start and returns the launcher's exit status.
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
