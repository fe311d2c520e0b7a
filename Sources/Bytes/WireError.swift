/// Says that whoever wrote some bytes is wrong: a peer, a client, a log source or an archive.
///
/// It never says that we are: our own mistakes trap, the system's are `IOError`.
public struct WireError: Error, Equatable, CustomStringConvertible {
  /// What is wrong with the bytes.
  public enum Problem: Equatable, Sendable {
    /// The field needs `needed` bytes and only `available` are left.
    case truncated(needed: Int, available: Int)
    /// The field's value is outside its limits.
    case limit(value: UInt64, maximum: UInt64)
    /// The field's value is not one the format knows or allows.
    case invalid(String)
    /// Bytes are left over after the last field.
    case trailing(count: Int)
  }

  /// What is wrong.
  public let problem: Problem

  /// The field that is wrong, in the words of the format's document.
  public let field: StaticString

  /// Offset of the field in bytes from the start of what was read.
  public let offset: Int

  /// Creates an error about `field` at `offset`.
  public init(_ problem: Problem, field: StaticString, offset: Int) {
    self.problem = problem
    self.field = field
    self.offset = offset
  }

  /// A sentence that names the field, its offset and what is wrong.
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

  /// Whether two errors say the same of the same field.
  public static func == (left: WireError, right: WireError) -> Bool {
    left.problem == right.problem && left.offset == right.offset
      && left.field.description == right.field.description
  }
}
