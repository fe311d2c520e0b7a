internal import Glibc

/// The default folders of sockets and of persistent data.
struct DefaultFolders: Equatable, Sendable {
  /// The default of `logger.root`: sockets and pid files; with a trailing slash.
  var root: String

  /// The folder of the archive and the node database; with a trailing slash. It is not a runtime folder,
  /// which is in memory, small, and deleted at a restart or logout.
  var state: String

  /// The folders for the user that started this process. A later change of user does not change them.
  static let current = DefaultFolders(
    user: geteuid(),
    variable: { name in getenv(name).map { String(cString: $0) } },
    owner: { path in
      var status = stat()
      return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR ? status.st_uid : nil
    }
  )

  /// The longest root in bytes, so that the paths of sockets in it fit into a socket address.
  static let rootLimit = 80

  /// Chooses the folders.
  ///
  /// - Parameters:
  ///   - user: the process's user id.
  ///   - variable: the value of an environment variable; nil if it is not set.
  ///   - owner: the user id of a folder's owner; nil if there is no such folder.
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
