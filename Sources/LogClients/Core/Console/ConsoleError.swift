/// Says why the console ended.
public enum ConsoleError: Error, Equatable, CustomStringConvertible {
  /// There is no log server, or it is gone, and nobody wants to wait for it.
  case noServer(String)
  /// A file holds something that is not a log; what and where was said.
  case damaged

  /// A sentence that says what is wrong with what.
  public var description: String {
    switch self {
    case .noServer(let reason): "no log server: \(reason)"
    case .damaged: "not all of the files are logs"
    }
  }
}
