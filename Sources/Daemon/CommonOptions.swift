public import ArgumentParser
public import Configuration
internal import Glibc
public import Logging

/// The options every program takes.
public struct CommonOptions: ParsableArguments {
  /// The file; nil for "netmine.cfg" in the working directory where there is one, else our defaults.
  @Option(
    name: .customLong("configfile"),
    help: ArgumentHelp(
      "Read this configuration. Without, netmine.cfg in this folder, or else built-in defaults.",
      valueName: "path"
    ),
    completion: .file(extensions: ["cfg"])
  )
  public var configurationFile: String?

  /// Values that win over the file's.
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Set a key of the configuration, for example connector.network=signet. May be repeated.",
      valueName: "key=value"
    ),
    completion: .list(Configuration.keys.map { $0.path + "=" })
  )
  public var overrides: [Configuration.Override] = []

  /// Folder of the log server's sockets; wins over everything else.
  @Option(
    help: ArgumentHelp("Folder of the log server's sockets: --set logger.root=path.", valueName: "path"),
    completion: .directory
  )
  public var root: String?

  /// The lowest level that is logged.
  @Option(
    help: ArgumentHelp(
      "What to say on stderr: trace, debug, info, notice, warning, error or critical. (default: info)",
      valueName: "level"
    ),
    completion: .list(Logger.Level.allCases.map(\.rawValue)),
    transform: Self.level
  )
  public var logLevel: Logger.Level = .info

  /// Creates options nobody has given.
  public init() {}

  /// Reads the configuration these options ask for.
  ///
  /// - Parameter own: what a program's own options say; wins over `--set`.
  /// - Throws: an error with every problem found.
  public func configuration(own: [Configuration.Override] = []) throws(ConfigurationError) -> Configuration {
    let usual = "netmine.cfg"
    let file = configurationFile ?? (access(usual, F_OK) == 0 ? usual : nil)
    var overrides = overrides + own
    if let root { overrides.append(.init(option: "--root \(root)", key: "logger.root", text: root)) }
    return try Configuration(file: file, overrides: overrides)
  }

  /// What `program` says of itself: lines on stderr, from the level asked for.
  public func logger(for program: String) -> Logger {
    StandardErrorLog.logger(program: program, level: logLevel)
  }

  private static func level(_ word: String) throws -> Logger.Level {
    guard let level = Logger.Level(rawValue: word.lowercased()) else {
      throw ValidationError("\"\(word)\" is not a level")
    }
    return level
  }
}

extension Configuration.Override: ExpressibleByArgument {
  /// Reads "KEY=VALUE"; nil without a `=`.
  public init?(argument: String) {
    self.init(set: argument)
  }
}
