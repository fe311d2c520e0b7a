/// The reason why a geographic database cannot be used.
public struct GeoDatabaseError: Error, Equatable, CustomStringConvertible {
  /// The file's path.
  public let path: String
  /// The reason, as a sentence without a full stop.
  public let reason: String

  init(_ path: String, _ reason: String) {
    self.path = path
    self.reason = reason
  }

  /// The path and the reason.
  public var description: String { "\(path): \(reason)" }
}
