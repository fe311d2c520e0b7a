public import Bytes
public import Configuration
internal import Glibc

/// Drops root's privileges, as `permissions.username` and `permissions.group` say.
public enum Privileges {
  /// The user and group to become; nil if the process is not root's or none are configured.
  ///
  /// - Throws: an error that names the line if the user or the group does not exist.
  public static func account(
    for configuration: Configuration
  ) throws(ConfigurationError) -> Account? {
    let permissions = configuration.permissions
    if geteuid() != 0 || (permissions.username == nil && permissions.group == nil) { return nil }
    var problems: [ConfigurationError.Problem] = []
    func missing(_ what: String, _ name: String, _ key: String) {
      problems.append(
        .init(
          .conflict,
          origin: configuration.origin(of: key),
          key: key,
          reason: "there is no \(what) \"\(name)\" on this machine, which a program started as root needs",
          remedy: "create it, name another, or remove the key to stay root"
        )
      )
    }
    let entry = permissions.username.flatMap { getpwnam($0) }?.pointee
    if let name = permissions.username, entry == nil { missing("user", name, "permissions.username") }
    let group = permissions.group.flatMap { groupNumber($0) }
    if let name = permissions.group, group == nil { missing("group", name, "permissions.group") }
    if !problems.isEmpty { throw ConfigurationError(problems) }
    return Account(
      name: permissions.username,
      user: entry?.pw_uid,
      groupName: permissions.group,
      group: group ?? entry?.pw_gid
    )
  }

  /// Becomes `account`, permanently.
  ///
  /// - Throws: an error that names the failed step. The process must not continue then.
  public static func drop(to account: Account) throws(IOError) {
    if let group = account.group {
      if setgid(group) != 0 { throw IOError("become group \(group)") }
      if let name = account.name {
        if initgroups(name, group) != 0 { throw IOError("join the groups of user \(name)") }
      } else {
        var only = group
        if setgroups(1, &only) != 0 { throw IOError("leave all groups but \(group)") }
      }
      if getgid() != group || getegid() != group { throw IOError("become group \(group)", code: EPERM) }
    }
    guard let user = account.user else { return }
    if setuid(user) != 0 { throw IOError("become \(account)") }
    let isRoot = user != 0 && (setuid(0) == 0 || seteuid(0) == 0)
    if isRoot || getuid() != user || geteuid() != user {
      throw IOError("become \(account) for good", code: EPERM)
    }
  }

  /// A warning that the configured user is not this process's user; nil if it is, or if the process is
  /// root's.
  public static func warning(for configuration: Configuration) -> String? {
    guard geteuid() != 0, let wanted = configuration.permissions.username else { return nil }
    let current = getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? "user \(geteuid())"
    if current == wanted { return nil }
    return "not started as root: running as \(current), not as \(wanted) (permissions.username)"
  }

  /// The id of the group for unix sockets; nil to leave them with the process's own group.
  ///
  /// Changing a socket's group may fail if the user is not a member. That deserves a warning at most.
  public static func socketGroup(for configuration: Configuration) -> UInt32? {
    let group = configuration.permissions.group.flatMap { groupNumber($0) }
    return group == getegid() ? nil : group
  }

  static func groupNumber(_ name: String) -> UInt32? {
    getgrnam(name)?.pointee.gr_gid
  }
}
