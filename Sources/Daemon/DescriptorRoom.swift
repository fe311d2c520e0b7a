public import Bytes
internal import Glibc

/// A check that the limit of open files leaves a program the descriptors it needs to start.
public enum DescriptorRoom {
  /// Descriptors needed: the event loop's own, a log file, a pid file, a socket or two.
  private static let count = 12

  /// Opens that many files and closes them again.
  ///
  /// - Throws: `IOError` if the limit of open files does not allow it.
  public static func check() throws(IOError) {
    var opened: [Int32] = []
    defer { for descriptor in opened { close(descriptor) } }
    while opened.count < count {
      let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else {
        let code = errno
        throw IOError("open \(count) more files, the limit allows \(opened.count) (ulimit -n)", code: code)
      }
      opened.append(descriptor)
    }
  }
}
