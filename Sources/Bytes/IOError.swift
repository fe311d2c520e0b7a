import Glibc

/// A failed system call, with its error number.
public struct IOError: Error, Equatable, CustomStringConvertible {
  /// The calls that programs distinguish, with stable numbers.
  public enum Call: UInt8, Hashable, Sendable, CaseIterable {
    /// Any other call.
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

  /// The attempted operation and its object: `connect to 127.0.0.1:8333`.
  public let operation: String

  /// The system's error number (`errno`).
  public let code: Int32

  /// The call that failed.
  public let call: Call

  /// Creates an error from the operation and the error number, by default the calling thread's current one.
  public init(_ operation: String, call: Call = .other, code: Int32 = Glibc.errno) {
    self.operation = operation
    self.call = call
    self.code = code
  }

  /// The system's text for the error number.
  public var reason: String { String(cString: strerror(code)) }

  /// The operation, and the reason that it failed.
  public var description: String { "\(operation): \(reason) (errno \(code))" }
}
