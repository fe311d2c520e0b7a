/// Why a database of addresses cannot be used.
public struct GeoDatabaseError: Error, Equatable, CustomStringConvertible {
  /// The database's file.
  public let path: String
  /// What is wrong with it.
  public let reason: String

  init(_ path: String, _ reason: String) {
    self.path = path
    self.reason = reason
  }

  /// Both.
  public var description: String { "\(path): \(reason)" }
}
