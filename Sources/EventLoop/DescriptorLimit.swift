import Bytes
import Glibc

/// The limit of descriptors (files, sockets, the event loop's own) that the process may have open:
/// `RLIMIT_NOFILE`.
///
/// Every connection uses one. Systems commonly set a soft limit of 1024, for programs that still use
/// select(2), and a hard limit far above it.
public enum DescriptorLimit {
  /// Raises the soft limit to the hard limit and returns it. This needs no privilege.
  ///
  /// - Throws: `IOError` if the system refuses.
  public static func raise() throws(IOError) -> Int {
    var limit = try read()
    limit.rlim_cur = limit.rlim_max
    guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
      throw IOError("raise the limit of open files to \(limit.rlim_max)")
    }
    return Int(clamping: limit.rlim_cur)
  }

  /// The current soft limit.
  ///
  /// - Throws: `IOError` if the system refuses.
  public static func current() throws(IOError) -> Int { Int(clamping: try read().rlim_cur) }

  private static func read() throws(IOError) -> rlimit {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
      throw IOError("read the limit of open files")
    }
    return limit
  }
}
