import Foundation
import Glibc

extension Program {
  /// Python 3: the program in `NETMINE_PYTHON`, else the one in PATH; nil if there is none.
  public static let python: String? = {
    if let named = ProcessInfo.processInfo.environment["NETMINE_PYTHON"], access(named, X_OK) == 0 {
      return named
    }
    return path(of: "python3")
  }()

  /// A C compiler in PATH; nil if there is none.
  public static let compiler: String? = path(of: "cc")

  /// Path of a program in PATH; nil if it is not installed.
  public static func path(of name: String) -> String? {
    let folders = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    return folders.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
  }
}
