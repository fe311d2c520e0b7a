/// An error in received bytes. Their author is at fault: a peer, a client, a log source or an archive.
///
/// It never reports an error of our own: our mistakes trap, and the system's errors are `IOError`.
public struct WireError: Error, Equatable, CustomStringConvertible {
  /// The kind of error.
  public enum Problem: Equatable, Sendable {
    /// The field needs `needed` bytes, and only `available` are left.
    case truncated(needed: Int, available: Int)
    /// The field's value exceeds its maximum.
    case limit(value: UInt64, maximum: UInt64)
    /// The format does not know or allow the field's value.
    case invalid(String)
    /// Bytes are left over after the last field.
    case trailing(count: Int)
  }

  /// The kind of error and its values.
  public let problem: Problem

  /// The name of the field, as in the format's document.
  public let field: StaticString

  /// Offset of the field, in bytes from the start of the input.
  public let offset: Int

  /// Creates an error about `field` at `offset`.
  public init(_ problem: Problem, field: StaticString, offset: Int) {
    self.problem = problem
    self.field = field
    self.offset = offset
  }

  /// The field, its offset and the problem in words.
  public var description: String {
    switch problem {
    case .truncated(let needed, let available):
      "\(field) at byte \(offset) needs \(needed) bytes and \(available) are left"
    case .limit(let value, let maximum):
      "\(field) at byte \(offset) is \(value), more than \(maximum)"
    case .invalid(let reason):
      "\(field) at byte \(offset) \(reason)"
    case .trailing(let count):
      "\(count) bytes are left over after \(field) at byte \(offset)"
    }
  }

  /// Whether two errors report the same problem at the same field and offset.
  public static func == (left: WireError, right: WireError) -> Bool {
    left.problem == right.problem && left.offset == right.offset
      && left.field.description == right.field.description
  }
}
