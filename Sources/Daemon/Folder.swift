public import Bytes
internal import Glibc

/// Creates the folders of sockets, archives and pid files.
public enum Folder {
  /// Creates a folder and its missing parents, with mode 0755, or 0775, under the umask.
  ///
  /// - Parameters:
  ///   - path: the folder.
  ///   - owner: the owner of the new folders; nil for the process's user.
  ///   - isForGroup: whether the group may write to the new folders.
  public static func create(
    _ path: String,
    owner: Account? = nil,
    isForGroup: Bool = false
  ) throws(IOError) {
    if path.isEmpty { return }
    var information = stat()
    if stat(path, &information) == 0 {
      if information.st_mode & S_IFMT == S_IFDIR { return }
      throw IOError("create the folder \(path)", code: ENOTDIR)
    }
    let parts = path.split(separator: "/")
    let parent = parts.dropLast().joined(separator: "/")
    let above = path.hasPrefix("/") ? "/" + parent : parent
    if parts.count > 1 { try create(above, owner: owner, isForGroup: isForGroup) }
    if mkdir(path, isForGroup ? 0o775 : 0o755) != 0 {
      // Another program may have created it meanwhile.
      if errno == EEXIST { return }
      throw IOError("create the folder \(path)")
    }
    if let owner, chown(path, owner.user ?? .max, owner.group ?? .max) != 0 {
      throw IOError("change the owner of the folder \(path) to \(owner)")
    }
  }
}
