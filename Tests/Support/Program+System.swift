import Foundation
import Glibc

extension Program {
  /// Python 3: what `NETMINE_PYTHON` names, else what is found in PATH; nil where there is none.
  public static let python: String? = {
    if let named = ProcessInfo.processInfo.environment["NETMINE_PYTHON"], access(named, X_OK) == 0 {
      return named
    }
    return path(of: "python3")
  }()

  /// A C compiler; nil where there is none.
  public static let compiler: String? = path(of: "cc")

  /// Where PATH has a program of the system; nil where it is not installed.
  public static func path(of name: String) -> String? {
    let folders = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    return folders.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
  }
}
