/// The operator's configuration: `netmine.cfg`, built-in defaults and the command line. Read once, then
/// immutable.
///
/// `Configuration.keys` is the only table of keys, with types, limits and documentation.
public struct Configuration: Sendable {
  /// The version of the file's format; only ".2" exists.
  public internal(set) var version = ".2"

  /// The folder of the pid files, with a trailing slash; by default "run/" under `logger.root`.
  public internal(set) var runPath = ""

  /// The user and group of a program that is started as root, and access to its sockets.
  public internal(set) var permissions = Permissions()

  /// The log server.
  public internal(set) var logger = Logger()

  /// The archive.
  public internal(set) var verbatim = Verbatim()

  /// Asking all peers for addresses.
  public internal(set) var getaddr = Getaddr()

  /// The search for all reachable nodes.
  public internal(set) var crawl = Crawl()

  /// Databases of the locations and networks of addresses.
  public internal(set) var geo = Geo()

  /// The networks described by the operator, in addition to the built-in ones.
  public internal(set) var networks: [Network] = []

  /// The connector.
  public internal(set) var connector = Connector()

  /// The node database.
  public internal(set) var nodeDatabase = NodeDatabase()
  /// The path of the file that was read, made absolute; nil for built-in defaults.
  public internal(set) var file: String?

  /// The file's text as read, with passwords replaced; empty for built-in defaults.
  public internal(set) var text = ""

  /// The overrides from the command line.
  var overrides: [Override] = []

  /// The origins of values that are not built-in defaults, by key.
  var origins: [String: ConfigurationError.Origin] = [:]

  /// Creates the defaults.
  public init() {
    resolve()
  }

  /// The origin of a key's value, for errors that are found later, such as a user that does not exist.
  public func origin(of key: String) -> ConfigurationError.Origin {
    origins[key] ?? .builtIn
  }

  /// Fills in defaults that follow from other keys, unless the operator has chosen a value.
  mutating func resolve() {
    let usual = DefaultFolders.current
    let lasting = logger.root.isEmpty ? usual.state : logger.root
    if logger.root.isEmpty { logger.root = usual.root }
    if runPath.isEmpty { runPath = logger.root + "run/" }
    if verbatim.logPath.isEmpty { verbatim.logPath = lasting + "archive/" }
    if logger.publishAddress.isEmpty { logger.publishAddress = logger.root + "publish" }
    if logger.subscribeAddress.isEmpty { logger.subscribeAddress = logger.root + "subscribe" }
    if nodeDatabase.place.isEmpty { nodeDatabase.place = lasting + "nodes.sqlite" }
    if connector.controlPath.isEmpty { connector.controlPath = logger.root + "control" }
    if connector.userAgent.isEmpty {
      connector.userAgent = "/Netmine:\(Netmine.version)(\(connector.contact))/"
    }
  }

  /// The defaults, before `resolve`.
  static var unresolved: Configuration {
    var configuration = Configuration()
    configuration.runPath = ""
    configuration.logger.root = ""
    configuration.logger.publishAddress = ""
    configuration.logger.subscribeAddress = ""
    configuration.verbatim.logPath = ""
    configuration.nodeDatabase.place = ""
    configuration.connector.controlPath = ""
    configuration.connector.userAgent = ""
    return configuration
  }
}

extension Configuration: Equatable {
  /// Whether two configurations have the same values, whatever their origins.
  public static func == (left: Configuration, right: Configuration) -> Bool {
    left.version == right.version && left.runPath == right.runPath && left.permissions == right.permissions
      && left.logger == right.logger && left.verbatim == right.verbatim && left.getaddr == right.getaddr
      && left.crawl == right.crawl && left.geo == right.geo && left.nodeDatabase == right.nodeDatabase
      && left.networks == right.networks && left.connector == right.connector
  }
}
