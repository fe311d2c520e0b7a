public import Configuration
internal import Glibc

/// The error for a folder that another user can change, so that files and sockets in it may not be ours.
public struct UntrustedFolder: Error, Equatable, CustomStringConvertible {
  /// The folder, its owner and mode, the consequence, and the remedy, in sentences. Without a full stop at
  /// the end.
  public let description: String
}

/// The users and groups that may own and change a program's folders: root, the program's own and the
/// configured ones.
///
/// A user who can write to a folder can replace its contents: a socket, an archive, a pid file. A user who
/// can write to a parent folder can replace the whole folder, unless the parent is sticky, as `/tmp` is, and
/// the folder belongs to another user.
public struct FolderTrust: Sendable {
  private let users: Set<UInt32>
  private let groups: Set<UInt32>
  private let hasUnmappedUsers: Bool
  private let root: String

  /// Trusts root and root's group, this process's user, `permissions.username` and `permissions.group`.
  public init(_ configuration: Configuration) {
    let permissions = configuration.permissions
    let user = permissions.username.flatMap { getpwnam($0)?.pointee.pw_uid }
    let group = permissions.group.flatMap { getgrnam($0)?.pointee.gr_gid }
    self.init(
      users: [0, geteuid()] + [user].compactMap(\.self),
      groups: [0] + [group].compactMap(\.self),
      root: configuration.logger.root
    )
  }

  /// Trusts the given users and groups.
  ///
  /// - Parameter root: the value of `logger.root`; empty for none.
  init(users: [UInt32], groups: [UInt32], root: String = "") {
    self.root = root
    self.users = Set(users)
    self.groups = Set(groups)
    hasUnmappedUsers = Self.hasUnmappedUsers
  }

  /// Checks that only trusted users can change a folder.
  ///
  /// - Parameters:
  ///   - folder: the absolute path. A folder that does not exist is accepted.
  ///   - key: the configuration key that sets the path, for the remedy.
  ///   - allowsSticky: whether other users may create files in it if they cannot move ours, as in `/tmp`.
  /// - Throws: an error that names the owner and the remedy.
  /// - Returns: whether other users may create files in it.
  @discardableResult
  public func check(
    _ folder: String,
    key: String,
    allowsSticky: Bool = false
  ) throws(UntrustedFolder) -> Bool {
    let path = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
    var rest = Self.parts(of: path)
    var current = ""
    var links = 0
    var status = stat()
    // Whether other users may create files in `current`.
    var isOpen = try checkRoot(of: path, key)
    while let name = rest.popLast() {
      let next = name == ".." ? Self.above(current) : "\(current)/\(name)"
      // A folder that does not exist or cannot be examined cannot be used either.
      guard lstat(next.isEmpty ? "/" : next, &status) == 0 else { return isOpen }
      if isOpen, name != "..", !users.contains(status.st_uid) { throw owned(next, status, of: path, key) }
      if status.st_mode & S_IFMT == S_IFLNK {
        links += 1
        guard links <= 40, let target = Self.target(of: next) else { return isOpen }
        if target.hasPrefix("/") {
          current = ""
          isOpen = try checkRoot(of: path, key)
        }
        rest += Self.parts(of: target)
        continue
      }
      current = next
      isOpen = try checkOne(next, status, of: path, key)
    }
    guard isOpen, !allowsSticky else { return isOpen }
    throw writable(current, status, by: writers(status) ?? "all users", of: path, key)
  }

  /// The parts of a path in reverse order.
  private static func parts(of path: String) -> [String] {
    path.split(separator: "/").map(String.init).filter { $0 != "." }.reversed()
  }

  private static func above(_ path: String) -> String {
    String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
  }

  /// Checks the folder of a unix socket before connecting, and the socket if other users may create files
  /// beside it.
  ///
  /// Only root's programs check this. For other users, a connector of another user is normal.
  ///
  /// - Parameter path: the socket's absolute path; nil for an address that is not a unix socket.
  public func checkSocket(_ path: String?, key: String) throws(UntrustedFolder) {
    guard geteuid() == 0, let path, let slash = path.lastIndex(of: "/") else { return }
    // The default folder of the sockets.
    let key = path[...slash] == root[...] ? "logger.root" : key
    guard try check(String(path[..<slash]), key: key, allowsSticky: true) else { return }
    var status = stat()
    if lstat(path, &status) == 0, !users.contains(status.st_uid) { throw owned(path, status, of: path, key) }
  }

  // MARK: Parts of a path

  private func checkRoot(of path: String, _ key: String) throws(UntrustedFolder) -> Bool {
    var status = stat()
    guard lstat("/", &status) == 0 else { return false }
    return try checkOne("/", status, of: path, key)
  }

  /// Checks one folder of a path. Returns whether other users may create files in it.
  private func checkOne(
    _ folder: String,
    _ status: stat,
    of path: String,
    _ key: String
  ) throws(UntrustedFolder) -> Bool {
    // In a user namespace, files of users outside it belong to the overflow user.
    let isUnmapped = hasUnmappedUsers && status.st_uid == Self.overflowUser
    guard users.contains(status.st_uid) || isUnmapped && folder != path else {
      throw owned(folder, status, of: path, key)
    }
    guard let writers = writers(status) else { return false }
    guard status.st_mode & S_ISVTX != 0 else { throw writable(folder, status, by: writers, of: path, key) }
    return true
  }

  /// Untrusted users who may write: "all users" or "group 100"; nil if there are none.
  private func writers(_ status: stat) -> String? {
    if status.st_mode & S_IWOTH != 0 { return "all users" }
    guard status.st_mode & S_IWGRP != 0, !groups.contains(status.st_gid),
      !Self.isPrivate(status.st_gid, of: status.st_uid)
    else { return nil }
    return "group \(Self.groupName(status.st_gid))"
  }

  // MARK: Words

  private func owned(_ folder: String, _ status: stat, of path: String, _ key: String) -> UntrustedFolder {
    let user = Self.userName(status.st_uid)
    let other = getpwuid(status.st_uid).map { _ in
      ", or, if the programs run as \(user), set permissions.username = \"\(user)\""
    }
    return UntrustedFolder(
      description: """
        \(Self.described(folder, status)): \(user) can replace \(folder == path ? "its contents" : path). \
        Choose another folder (\(key)), or empty this one and make it yours \
        (chown \(Self.userName(geteuid())) \(folder))\(other ?? "")
        """
    )
  }

  private func writable(
    _ folder: String,
    _ status: stat,
    by writers: String,
    of path: String,
    _ key: String
  ) -> UntrustedFolder {
    let isGroup = writers != "all users"
    let mend = isGroup ? "chmod g-w \(folder)" : "chmod o-w \(folder)"
    let other = isGroup ? ", or set permissions.group to trust its members" : ""
    return UntrustedFolder(
      description: """
        \(Self.described(folder, status)): \(writers) can replace \(folder == path ? "its contents" : path). \
        Remove that permission (\(mend)), or choose another folder (\(key))\(other)
        """
    )
  }

  /// The owner, group and mode, as in "/tmp/netmine belongs to bob, group users, mode 0775".
  private static func described(_ path: String, _ status: stat) -> String {
    let mode = String(status.st_mode & 0o7777, radix: 8)
    let digits = String(repeating: "0", count: max(0, 4 - mode.count)) + mode
    return "\(path) belongs to \(userName(status.st_uid)), group \(groupName(status.st_gid)), mode \(digits)"
  }

  private static func userName(_ user: UInt32) -> String {
    getpwuid(user).map { String(cString: $0.pointee.pw_name) } ?? "user \(user)"
  }

  private static func groupName(_ group: UInt32) -> String {
    getgrgid(group).map { String(cString: $0.pointee.gr_name) } ?? "\(group)"
  }

  // MARK: Accounts

  /// Whether a group is a user's private group, which many systems create: it has the user's name and no
  /// other members.
  private static func isPrivate(_ group: UInt32, of user: UInt32) -> Bool {
    guard let account = getpwuid(user)?.pointee, account.pw_gid == group else { return false }
    let name = String(cString: account.pw_name)
    guard let entry = getgrgid(group)?.pointee, String(cString: entry.gr_name) == name else { return false }
    guard var member = entry.gr_mem else { return true }
    while let other = member.pointee {
      if String(cString: other) != name { return false }
      member += 1
    }
    return true
  }

  private static func target(of link: String) -> String? {
    var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = readlink(link, &bytes, bytes.count)
    return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
  }

  /// The user id that stands for all users outside a user namespace.
  private static let overflowUser: UInt32 = 65_534

  /// Whether this process is in a user namespace that does not map all users.
  private static let hasUnmappedUsers: Bool = {
    guard let file = fopen("/proc/self/uid_map", "re") else { return false }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    guard fgets(&line, Int32(line.count), file) != nil else { return false }
    let fields = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      .split(whereSeparator: \.isWhitespace)
    return fields != ["0", "0", "4294967295"]
  }()
}
