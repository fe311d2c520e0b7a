import Glibc

/// Says that the system refused or failed something we asked of it.
public struct IOError: Error, Equatable, CustomStringConvertible {
  /// What was attempted, with what it was attempted on: `connect to 127.0.0.1:8333`.
  public let operation: String

  /// The system's error number (`errno`).
  public let code: Int32

  /// Creates an error from what was attempted and the error number, by default the calling thread's
  /// current one.
  public init(_ operation: String, code: Int32 = Glibc.errno) {
    self.operation = operation
    self.code = code
  }

  /// The system's words for the error number.
  public var reason: String { String(cString: strerror(code)) }

  /// A sentence that says what was attempted and why it failed.
  public var description: String { "\(operation): \(reason) (errno \(code))" }
}
