internal import Glibc

/// The folder a program was started in, which a daemon leaves: relative paths begin there, then and later.
enum StartFolder {
  /// Its path, with its last slash; kept from the first configuration that is read.
  static let path: String = {
    guard let folder = getcwd(nil, 0) else { return "/" }
    defer { free(folder) }
    let path = String(cString: folder)
    return path.hasSuffix("/") ? path : path + "/"
  }()

  /// A path that does not depend on the working directory.
  static func absolute(_ relative: String) -> String {
    // Even where nothing is relative now, something may be when the file is read again.
    let start = path
    if relative.hasPrefix("/") { return relative }
    var rest = Substring(relative)
    while rest.hasPrefix("./") { rest = rest.dropFirst(2) }
    return start + rest
  }
}
