/// An error in the operator's configuration: every problem found, each with a remedy.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
  /// The origin of a value.
  public enum Origin: Equatable, Sendable, CustomStringConvertible {
    /// A file, and the line, counted from 1; nil if the line is not known.
    case file(String, line: Int?)
    /// A command line option as given, such as "--set connector.relay=maybe".
    case option(String)
    /// A built-in default.
    case builtIn

    /// The file and the line, such as "netmine.cfg:12", or the option.
    public var description: String {
      switch self {
      case .file(let name, let line?): "\(name):\(line)"
      case .file(let name, nil): name
      case .option(let option): option
      case .builtIn: "built-in defaults"
      }
    }
  }

  /// The kind of a problem.
  public enum Kind: Equatable, Sendable {
    /// The file does not exist.
    case missingFile
    /// The file exists but cannot be read.
    case unreadableFile
    /// The text is not in libconfig's syntax, or a line does not fit the file's format.
    case syntax
    /// The key does not exist.
    case unknownKey
    /// The value has the wrong type.
    case wrongType
    /// The value has the right type but is outside its limits.
    case outOfRange
    /// The value conflicts with another value or with the machine.
    case conflict
  }

  /// One problem.
  public struct Problem: Equatable, Sendable, CustomStringConvertible {
    /// The kind of the problem.
    public let kind: Kind
    /// The origin of the value.
    public let origin: Origin
    /// The key's whole path, such as "connector.bitcoin.services"; nil if no key is concerned.
    public let key: String?
    /// The problem in words, without a full stop.
    public let reason: String
    /// The remedy in words, without a full stop.
    public let remedy: String

    /// Creates a problem. Passwords in the reason and the option are replaced.
    public init(_ kind: Kind, origin: Origin, key: String?, reason: String, remedy: String) {
      self.kind = kind
      self.origin = if case .option(let option) = origin { .option(option.withoutSecrets) } else { origin }
      self.key = key
      self.reason = reason.withoutSecrets
      self.remedy = remedy
    }

    /// One line: "netmine.cfg:12: connector.relay: <reason>; <remedy>".
    public var description: String {
      let subject = key.map { "\(origin): \($0)" } ?? "\(origin)"
      return "\(subject): \(reason); \(remedy)"
    }
  }

  /// All problems in the order they were found; never empty.
  public let problems: [Problem]

  /// Creates an error with at least one problem.
  public init(_ problems: [Problem]) {
    precondition(!problems.isEmpty)
    self.problems = problems
  }

  /// Creates an error with one problem.
  public init(_ kind: Kind, origin: Origin, key: String? = nil, reason: String, remedy: String) {
    problems = [Problem(kind, origin: origin, key: key, reason: reason, remedy: remedy)]
  }

  /// One line for each problem.
  public var description: String {
    problems.map(\.description).joined(separator: "\n")
  }
}
