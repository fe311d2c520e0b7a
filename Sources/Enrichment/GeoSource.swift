import Glibc

/// A database's file, opened again when another has taken its place.
final class GeoSource {
  /// What tells one file from the next at the same path.
  private struct Identity: Equatable {
    var device: UInt64
    var inode: UInt64
    var size: Int64
    var modified: Int64
    var modifiedNanoseconds: Int64

    /// The file that is there now; nil where there is none, and `errno` says why.
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

  /// The database, as long as it can be used.
  private(set) var database: GeoDatabase?

  init(_ path: String) { self.path = path }

  /// Opens what is there, unless it is open already or could not be.
  ///
  /// Where another file cannot be opened, or there is none any more, the one that was open still serves.
  ///
  /// - Returns: what is wrong, where that was not told yet.
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
      // Written over in place, what is mapped is not what it was.
      if opened?.inode == found.inode, opened?.device == found.device { database = nil }
      return news(error)
    }
  }

  /// Uses the database no more, until another is there.
  ///
  /// - Returns: what is wrong, where that was not told yet.
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
