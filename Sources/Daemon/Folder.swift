public import Bytes
internal import Glibc

/// Makes the folders that sockets, archives and pid files live in.
public enum Folder {
  /// Makes a folder and those above it, where they do not exist, with mode 0755 under the umask, or 0775.
  ///
  /// - Parameters:
  ///   - path: the folder.
  ///   - owner: whom the folders that are made belong to; nil for whom the process is.
  ///   - isForGroup: whether the group may write to those that are made, too.
  public static func create(
    _ path: String,
    owner: Account? = nil,
    isForGroup: Bool = false
  ) throws(IOError) {
    if path.isEmpty { return }
    var information = stat()
    if stat(path, &information) == 0 {
      if information.st_mode & S_IFMT == S_IFDIR { return }
      throw IOError("make the folder \(path)", code: ENOTDIR)
    }
    let parts = path.split(separator: "/")
    let parent = parts.dropLast().joined(separator: "/")
    let above = path.hasPrefix("/") ? "/" + parent : parent
    if parts.count > 1 { try create(above, owner: owner, isForGroup: isForGroup) }
    if mkdir(path, isForGroup ? 0o775 : 0o755) != 0 {
      // Another program may have made it meanwhile.
      if errno == EEXIST { return }
      throw IOError("make the folder \(path)")
    }
    if let owner, chown(path, owner.user ?? .max, owner.group ?? .max) != 0 {
      throw IOError("give the folder \(path) to \(owner)")
    }
  }
}
