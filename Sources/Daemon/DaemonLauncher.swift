internal import Bytes
public import Configuration
internal import Glibc
internal import Logging

/// A folder that a daemon needs.
public struct DaemonFolder: Equatable, Sendable {
  /// Its absolute path.
  public let path: String

  /// The key of the configuration that says where it is.
  public let key: String

  /// Whether only a socket of ours is in it, so that it may be `/tmp` itself.
  public let isForSocket: Bool

  /// Names a folder.
  public init(_ path: String, key: String, isForSocket: Bool = false) {
    self.path = path
    self.key = key
    self.isForSocket = isForSocket
  }
}

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
  /// pid file's folder and `folders` and checks that nobody else can change them, takes the pid file, drops root's powers, runs `body`, removes the pid
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

  /// Makes the folders that are not there, and checks that nobody else can change any.
  private static func prepare(
    _ configuration: Configuration,
    _ account: Account?,
    pidFolder: String,
    _ own: [DaemonFolder]
  ) throws {
    // Only a group that the operator names is to write to what we make.
    let group = configuration.permissions.group.flatMap { Privileges.groupNumber($0) }
    let isForGroup = group != nil && group == account?.group ?? getegid()
    let trust = FolderTrust(configuration)
    let pid = DaemonFolder(pidFolder, key: "run_path", isForSocket: true)
    for folder in [DaemonFolder(configuration.logger.root, key: "logger.root"), pid] + own
    where !folder.path.isEmpty {
      // Before, as root is not to make anything in a folder that another can move meanwhile.
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
