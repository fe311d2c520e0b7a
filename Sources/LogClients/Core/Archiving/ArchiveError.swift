import Bytes

/// Says why a file cannot be archived to.
public enum ArchiveError: Error, Equatable, CustomStringConvertible {
  /// Another process archives to it.
  case busy(path: String)
  /// It holds something else than a log; it is left as it is.
  case notALog(path: String, offset: UInt64, reason: String)
  /// The file that was being written is not there any more, or not all of it.
  case gone(path: String, how: String)
  /// The system refused.
  case system(IOError)

  /// A sentence that names the file.
  public var description: String {
    switch self {
    case .busy(let path): "\(path) is being written by another process (a second verbatim?)"
    case .notALog(let path, let offset, let reason):
      "\(path) is not a native log at byte \(offset): \(reason); it is left as it is: move it away to go on"
    case .gone(let path, let how): "\(path) \(how)"
    case .system(let error): error.description
    }
  }
}
