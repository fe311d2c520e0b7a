public import ArgumentParser
public import Configuration
internal import Glibc
public import Logging

/// The options of every program.
public struct CommonOptions: ParsableArguments {
  /// The configuration file; nil for "netmine.cfg" in the working directory if it exists, or built-in
  /// defaults.
  @Option(
    name: .customLong("configfile"),
    help: ArgumentHelp(
      "Read this configuration file. (default: netmine.cfg in the working directory, or built-in defaults)",
      valueName: "path"
    ),
    completion: .file(extensions: ["cfg"])
  )
  public var configurationFile: String?

  /// Values that override the file's.
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Set a key of the configuration, for example connector.network=signet. May be repeated.",
      valueName: "key=value"
    ),
    completion: .list(Configuration.keys.map { $0.path + "=" })
  )
  public var overrides: [Configuration.Override] = []

  /// The folder of the log server's sockets. Overrides `--set` and the file.
  @Option(
    help: ArgumentHelp("Folder of the log server's sockets: --set logger.root=path.", valueName: "path"),
    completion: .directory
  )
  public var root: String?

  /// The lowest level that is logged.
  @Option(
    help: ArgumentHelp(
      "Lowest log level on stderr: trace, debug, info, notice, warning, error or critical. (default: info)",
      valueName: "level"
    ),
    completion: .list(Logger.Level.allCases.map(\.rawValue)),
    transform: Self.level
  )
  public var logLevel: Logger.Level = .info

  /// Creates options with their defaults.
  public init() {}

  /// Reads the configuration that these options select.
  ///
  /// - Parameter own: overrides from a program's own options. They override `--set`.
  /// - Throws: an error with every problem found.
  public func configuration(own: [Configuration.Override] = []) throws(ConfigurationError) -> Configuration {
    let usual = "netmine.cfg"
    let file = configurationFile ?? (access(usual, F_OK) == 0 ? usual : nil)
    var overrides = overrides + own
    if let root { overrides.append(.init(option: "--root \(root)", key: "logger.root", text: root)) }
    return try Configuration(file: file, overrides: overrides)
  }

  /// A logger that writes to stderr, from the chosen level.
  public func logger(for program: String) -> Logger {
    StandardErrorLog.logger(program: program, level: logLevel)
  }

  private static func level(_ word: String) throws -> Logger.Level {
    guard let level = Logger.Level(rawValue: word.lowercased()) else {
      throw ValidationError("\"\(word)\" is not a log level")
    }
    return level
  }
}

extension Configuration.Override: ExpressibleByArgument {
  /// Parses "KEY=VALUE"; nil if there is no `=`.
  public init?(argument: String) {
    self.init(set: argument)
  }
}
