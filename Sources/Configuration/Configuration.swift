/// What the operator chose, read once and then unchanged: `netmine.cfg`, our defaults and the command line.
///
/// `Configuration.keys` is the only table of what can be chosen, with types, limits and meanings.
public struct Configuration: Sendable {
  /// Version of the file's format; only ".2" exists.
  public internal(set) var version = ".2"

  /// Folder of the pid files, with its last slash; by default "run/" under `logger.root`.
  public internal(set) var runPath = ""

  /// Whom a program becomes when it is started as root.
  public internal(set) var permissions = Permissions()

  /// The log server.
  public internal(set) var logger = Logger()

  /// The archive.
  public internal(set) var verbatim = Verbatim()

  /// Asking all peers for the addresses they know.
  public internal(set) var getaddr = Getaddr()

  /// Finding every reachable node.
  public internal(set) var crawl = Crawl()

  /// Databases of what is known of addresses.
  public internal(set) var geo = Geo()

  /// The networks that the operator describes, besides those known.
  public internal(set) var networks: [Network] = []

  /// The connector.
  public internal(set) var connector = Connector()

  /// The database of nodes.
  public internal(set) var nodeDatabase = NodeDatabase()
  /// The file it was read from, its path absolute where that is known; nil for built-in defaults.
  public internal(set) var file: String?

  /// The file's text, as it was read, but for passwords; empty for built-in defaults.
  public internal(set) var text = ""

  /// What the command line said.
  var overrides: [Override] = []

  /// Where the values that are not our defaults came from, by key.
  var origins: [String: ConfigurationError.Origin] = [:]

  /// Creates the defaults.
  public init() {
    resolve()
  }

  /// Where the value of a key came from, for an error that only shows later: a user that does not exist.
  public func origin(of key: String) -> ConfigurationError.Origin {
    origins[key] ?? .builtIn
  }

  /// Fills in what follows from other keys, wherever the operator did not choose it.
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

  /// The defaults, before what follows from others is filled in.
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
  /// Whether two configurations hold the same values, wherever they came from.
  public static func == (left: Configuration, right: Configuration) -> Bool {
    left.version == right.version && left.runPath == right.runPath && left.permissions == right.permissions
      && left.logger == right.logger && left.verbatim == right.verbatim && left.getaddr == right.getaddr
      && left.crawl == right.crawl && left.geo == right.geo && left.nodeDatabase == right.nodeDatabase
      && left.networks == right.networks && left.connector == right.connector
  }
}
