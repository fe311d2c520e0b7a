public import Bytes
internal import Glibc

/// Whether the limit of open files leaves a program what it cannot do without.
public enum DescriptorRoom {
  /// How many descriptors that is: the event loop's own, a log file, a pid file, a socket or two.
  private static let count = 12

  /// Opens as many files for a moment.
  ///
  /// - Throws: `IOError` if the limit of open files does not allow that.
  public static func check() throws(IOError) {
    var opened: [Int32] = []
    defer { for descriptor in opened { close(descriptor) } }
    while opened.count < count {
      let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else {
        let code = errno
        throw IOError("open \(count) more files, where \(opened.count) can be (ulimit -n)", code: code)
      }
      opened.append(descriptor)
    }
  }
}
