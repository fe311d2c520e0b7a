import Bytes
import Glibc

/// How many files and sockets the process may have open.
enum DescriptorLimit {
  /// Raises the soft limit to the hard one; returns what it is now.
  static func raise() throws(IOError) -> Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
      throw IOError("read the limit of open files")
    }
    limit.rlim_cur = limit.rlim_max
    guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
      throw IOError("raise the limit of open files to \(limit.rlim_max)")
    }
    return Int(clamping: limit.rlim_cur)
  }
}
