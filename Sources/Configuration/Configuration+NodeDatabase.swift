extension Configuration {
  /// The database of nodes.
  public struct NodeDatabase: Equatable, Sendable {
    /// A file's absolute path for SQLite, or `postgresql://…` as of libpq.
    public var place = ""
    /// The PostgreSQL schema that the tables are in.
    public internal(set) var schema = "nodes"
    /// Days that each attempt is kept; 0 for ever, likewise those below.
    public internal(set) var keepAttempts = 7
    /// Days that it is kept who advertised what.
    public internal(set) var keepAdvertisements = 30
    /// Days that an endpoint is kept that was never reached and is not advertised any more.
    public internal(set) var keepUnreached = 30
    /// Days that changes are kept.
    public internal(set) var keepChanges = 0
    /// Days that snapshots are kept.
    public internal(set) var keepSnapshots = 0
    /// Days that hourly counts are kept.
    public internal(set) var keepHourly = 730
    /// Days that daily counts are kept.
    public internal(set) var keepDaily = 0

    /// The defaults, but for the place.
    public init() {}
  }

  /// The keys of the database of nodes.
  static let nodeDatabaseKeys: [Key] = [
    Key(
      "node_database.place",
      \.nodeDatabase.place,
      .database,
      example: quoted("postgresql://netmine@/netmine"),
      """
      The database of nodes: a file's path for SQLite, or postgresql://user@host/name (a password is better
      kept in ~/.pgpass). By default nodes.sqlite in the folder that
      archive/ is in by default (verbatim.logpath).
      """
    ),
    Key(
      "node_database.schema",
      \.nodeDatabase.schema,
      .text("a schema's name, of 1 to 63 bytes", bytes: 1...63),
      "The PostgreSQL schema that its tables are in; each network needs a database or a schema of its own."
    ),
    Key(
      "node_database.keep_attempts",
      \.nodeDatabase.keepAttempts,
      .whole(0...36_500),
      "Days that each attempt to connect is kept; 0 for ever, likewise below."
    ),
    Key(
      "node_database.keep_advertisements",
      \.nodeDatabase.keepAdvertisements,
      .whole(0...36_500),
      "Days that it is kept who advertised what."
    ),
    Key(
      "node_database.keep_unreached",
      \.nodeDatabase.keepUnreached,
      .whole(0...36_500),
      "Days that an endpoint is kept that was never reached and is not advertised any more."
    ),
    Key(
      "node_database.keep_changes",
      \.nodeDatabase.keepChanges,
      .whole(0...36_500),
      "Days that changes are kept; how everything was at the end of those before stays."
    ),
    Key(
      "node_database.keep_snapshots",
      \.nodeDatabase.keepSnapshots,
      .whole(0...36_500),
      "Days that snapshots are kept."
    ),
    Key(
      "node_database.keep_hourly",
      \.nodeDatabase.keepHourly,
      .whole(0...36_500),
      "Days that hourly counts are kept."
    ),
    Key(
      "node_database.keep_daily",
      \.nodeDatabase.keepDaily,
      .whole(0...36_500),
      "Days that daily counts are kept."
    ),
  ]
}

extension Kind<String> {
  /// A file's path, made absolute, or a PostgreSQL database's address.
  fileprivate static var database: Kind {
    let path = path("a file", isFolder: false)
    let expectation = "a file's path, or postgresql://user@host/name"
    return Kind(expectation: expectation, isText: true) { setting throws(Mismatch) in
      if case .text(let text) = setting.value,
        text.hasPrefix("postgresql://") || text.hasPrefix("postgres://")
      {
        return text
      }
      return try path.read(setting)
    } render: {
      quoted($0)
    }
  }
}
