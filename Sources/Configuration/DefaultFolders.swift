internal import Glibc

/// The folders of sockets and of what lasts, if the configuration names none.
struct DefaultFolders: Equatable, Sendable {
  /// `logger.root`: sockets and pid files; with its last slash.
  var root: String

  /// Archive and database of nodes; with its last slash. Not in a runtime folder: that is in memory, small, and gone after
  /// a restart or a logout.
  var state: String

  /// Those of this process, as it was started: what it becomes later changes nothing.
  static let current = DefaultFolders(
    user: geteuid(),
    variable: { name in getenv(name).map { String(cString: $0) } },
    owner: { path in
      var status = stat()
      return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR ? status.st_uid : nil
    }
  )

  /// The longest root, in bytes: unix sockets are in it.
  static let rootLimit = 80

  /// Chooses folders.
  ///
  /// - Parameters:
  ///   - user: the process's user.
  ///   - variable: the value of an environment variable; nil if it is not set.
  ///   - owner: the user that a folder belongs to; nil if there is none.
  init(user: UInt32, variable: (String) -> String?, owner: (String) -> UInt32?) {
    func folder(_ name: String) -> String? { variable(name).flatMap { $0.hasPrefix("/") ? $0 : nil } }
    (root, state) = ("/tmp/netmine/", "/tmp/netmine/")
    if user == 0 {
      if owner("/run") == 0 { (root, state) = ("/run/netmine/", "/var/lib/netmine/") }
    } else if let runtime = folder("XDG_RUNTIME_DIR"), owner(runtime) == user,
      runtime.utf8.count + "/netmine/".utf8.count <= Self.rootLimit
    {
      root = runtime + "/netmine/"
      let home = folder("XDG_STATE_HOME") ?? folder("HOME").map { $0 + "/.local/state" }
      state = home.map { $0 + "/netmine/" } ?? root
    } else if owner("/run/netmine") == user {
      root = "/run/netmine/"
      state = owner("/var/lib/netmine") == user ? "/var/lib/netmine/" : root
    }
  }
}
