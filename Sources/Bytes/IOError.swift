import Glibc

/// Says that the system refused or failed something we asked of it.
public struct IOError: Error, Equatable, CustomStringConvertible {
  /// The calls that programs tell apart, with stable numbers.
  public enum Call: UInt8, Hashable, Sendable, CaseIterable {
    /// Any other.
    case other = 0
    /// `socket`.
    case socket = 1
    /// `bind`.
    case bind = 2
    /// `connect`.
    case connect = 3
    /// `read` or `recvmsg`.
    case read = 4
    /// `write` or `sendmsg`.
    case write = 5
    /// `epoll_ctl`.
    case watch = 6
  }

  /// What was attempted, with what it was attempted on: `connect to 127.0.0.1:8333`.
  public let operation: String

  /// The system's error number (`errno`).
  public let code: Int32

  /// Which call it was.
  public let call: Call

  /// Creates an error from what was attempted and the error number, by default the calling thread's
  /// current one.
  public init(_ operation: String, call: Call = .other, code: Int32 = Glibc.errno) {
    self.operation = operation
    self.call = call
    self.code = code
  }

  /// The system's words for the error number.
  public var reason: String { String(cString: strerror(code)) }

  /// A sentence that says what was attempted and why it failed.
  public var description: String { "\(operation): \(reason) (errno \(code))" }
}
