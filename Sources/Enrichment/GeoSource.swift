import Glibc

/// A database's file, which is opened again after it was replaced.
final class GeoSource {
  /// The properties that distinguish a file from its successor at the same path.
  private struct Identity: Equatable {
    var device: UInt64
    var inode: UInt64
    var size: Int64
    var modified: Int64
    var modifiedNanoseconds: Int64

    /// The identity of the file at a path; nil if there is none, with the reason in `errno`.
    init?(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      device = UInt64(status.st_dev)
      inode = UInt64(status.st_ino)
      size = Int64(status.st_size)
      modified = Int64(status.st_mtim.tv_sec)
      modifiedNanoseconds = Int64(status.st_mtim.tv_nsec)
    }
  }

  private let path: String
  private var opened: Identity?
  private var tried: Identity?
  private var told: String?

  /// The database, while it can be used.
  private(set) var database: GeoDatabase?

  init(_ path: String) { self.path = path }

  /// Opens the file, unless this file is open or has failed to open before.
  ///
  /// If a new file cannot be opened or the file is gone, the database that was open stays in use.
  ///
  /// - Returns: the error, unless it was reported before.
  func refresh() -> GeoDatabaseError? {
    guard let found = Identity(path) else {
      tried = nil
      return news(GeoDatabaseError(path, String(cString: strerror(errno))))
    }
    guard found != tried else { return nil }
    tried = found
    do throws(GeoDatabaseError) {
      database = try GeoDatabase(path)
      opened = found
      told = nil
      return nil
    } catch {
      // A file that was overwritten in place has changed the mapped memory.
      if opened?.inode == found.inode, opened?.device == found.device { database = nil }
      return news(error)
    }
  }

  /// Stops using the database until the file is replaced.
  ///
  /// - Returns: the error, unless it was reported before.
  func discard(_ error: GeoDatabaseError) -> GeoDatabaseError? {
    database = nil
    return news(error)
  }

  private func news(_ error: GeoDatabaseError) -> GeoDatabaseError? {
    guard told != error.reason else { return nil }
    told = error.reason
    return error
  }
}
