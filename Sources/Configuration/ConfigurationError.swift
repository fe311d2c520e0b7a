/// Says that the operator's configuration is wrong: every problem found, each with a way to mend it.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
  /// Where a value came from.
  public enum Origin: Equatable, Sendable, CustomStringConvertible {
    /// A file, with the line from 1 where one is known.
    case file(String, line: Int?)
    /// A command line option, as it is written: "--set connector.relay=maybe".
    case option(String)
    /// Our own default.
    case builtIn

    /// "netmine.cfg:12", or the option.
    public var description: String {
      switch self {
      case .file(let name, let line?): "\(name):\(line)"
      case .file(let name, nil): name
      case .option(let option): option
      case .builtIn: "built-in defaults"
      }
    }
  }

  /// What sort of problem it is.
  public enum Kind: Equatable, Sendable {
    /// The file does not exist.
    case missingFile
    /// The file exists and cannot be read.
    case unreadableFile
    /// The text is not libconfig syntax, or a line is not what its file holds.
    case syntax
    /// No such key.
    case unknownKey
    /// The value is of another type.
    case wrongType
    /// The value is of the right type and outside its limits.
    case outOfRange
    /// The value disagrees with another one, or with the machine.
    case conflict
  }

  /// One thing that is wrong.
  public struct Problem: Equatable, Sendable, CustomStringConvertible {
    /// What sort of problem it is.
    public let kind: Kind
    /// Where the value came from.
    public let origin: Origin
    /// The key's whole path, "connector.bitcoin.services"; nil where no key is concerned.
    public let key: String?
    /// What is wrong, without a full stop.
    public let reason: String
    /// How to mend it, without a full stop.
    public let remedy: String

    /// Creates a problem, without the passwords that its reason or its option may quote.
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

  /// Everything that is wrong, in the order it was found; never empty.
  public let problems: [Problem]

  /// Creates an error about `problems`, of which there is at least one.
  public init(_ problems: [Problem]) {
    precondition(!problems.isEmpty)
    self.problems = problems
  }

  /// Creates an error about a single problem.
  public init(_ kind: Kind, origin: Origin, key: String? = nil, reason: String, remedy: String) {
    problems = [Problem(kind, origin: origin, key: key, reason: reason, remedy: remedy)]
  }

  /// One line for each problem.
  public var description: String {
    problems.map(\.description).joined(separator: "\n")
  }
}
