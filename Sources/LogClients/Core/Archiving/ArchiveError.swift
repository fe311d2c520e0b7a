import Bytes

/// The reason why records cannot be archived to a file.
public enum ArchiveError: Error, Equatable, CustomStringConvertible {
  /// Another process archives to this file.
  case busy(path: String)
  /// The file holds something other than a log; it is not changed.
  case notALog(path: String, offset: UInt64, reason: String)
  /// The file being written was deleted or shortened; `how` says which.
  case gone(path: String, how: String)
  /// A system call failed.
  case system(IOError)

  /// A sentence that names the file.
  public var description: String {
    switch self {
    case .busy(let path): "\(path) is being written by another process (a second verbatim?)"
    case .notALog(let path, let offset, let reason):
      "\(path) is not a native log at byte \(offset): \(reason). It is not changed; move it away to continue"
    case .gone(let path, let how): "\(path) \(how)"
    case .system(let error): error.description
    }
  }
}
