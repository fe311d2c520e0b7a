/// The reason why `console` failed.
public enum ConsoleError: Error, Equatable, CustomStringConvertible {
  /// There is no log server, or its connection was lost, and `--no-wait` is given.
  case noServer(String)
  /// A file contains something other than a log. The damage has been logged.
  case damaged

  /// A sentence that says what is wrong.
  public var description: String {
    switch self {
    case .noServer(let reason): "no log server: \(reason)"
    case .damaged: "not all of the files are logs"
    }
  }
}
