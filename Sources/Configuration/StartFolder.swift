internal import Glibc

/// The folder in which the program was started. Relative paths begin there, even after a daemon has left it.
enum StartFolder {
  /// The path, with a trailing slash; determined when the first configuration is read.
  static let path: String = {
    guard let folder = getcwd(nil, 0) else { return "/" }
    defer { free(folder) }
    let path = String(cString: folder)
    return path.hasSuffix("/") ? path : path + "/"
  }()

  /// Makes a path absolute.
  static func absolute(_ relative: String) -> String {
    // Determine it even if this path is absolute: a path may be relative when the file is read again.
    let start = path
    if relative.hasPrefix("/") { return relative }
    var rest = Substring(relative)
    while rest.hasPrefix("./") { rest = rest.dropFirst(2) }
    return start + rest
  }
}
