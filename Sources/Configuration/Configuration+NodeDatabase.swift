extension Configuration {
  /// The section `node_database`.
  public struct NodeDatabase: Equatable, Sendable {
    /// The absolute path of a SQLite file, or a PostgreSQL address, `postgresql://…`, for libpq.
    public var place = ""
    /// The PostgreSQL schema of the tables.
    public internal(set) var schema = "nodes"
    /// Days that attempts to connect are kept; 0 for forever, as for the fields below.
    public internal(set) var keepAttempts = 7
    /// Days that advertisements of addresses are kept, with the peers that sent them.
    public internal(set) var keepAdvertisements = 30
    /// Days that an endpoint is kept that was never reached and is no longer advertised.
    public internal(set) var keepUnreached = 30
    /// Days that changes are kept.
    public internal(set) var keepChanges = 0
    /// Days that snapshots are kept.
    public internal(set) var keepSnapshots = 0
    /// Days that hourly counts are kept.
    public internal(set) var keepHourly = 730
    /// Days that daily counts are kept.
    public internal(set) var keepDaily = 0

    /// Creates the defaults, without a place.
    public init() {}
  }

  /// The keys under `node_database`.
  static let nodeDatabaseKeys: [Key] = [
    Key(
      "node_database.place",
      \.nodeDatabase.place,
      .database,
      example: quoted("postgresql://netmine@/netmine"),
      """
      The node database: a file's path for SQLite, or postgresql://user@host/name for PostgreSQL. Keep a
      password in ~/.pgpass rather than here. By default nodes.sqlite in the folder that has archive/ by
      default (verbatim.logpath).
      """
    ),
    Key(
      "node_database.schema",
      \.nodeDatabase.schema,
      .text("a schema's name, of 1 to 63 bytes", bytes: 1...63),
      "The PostgreSQL schema of its tables. Each network needs a database or a schema of its own."
    ),
    Key(
      "node_database.keep_attempts",
      \.nodeDatabase.keepAttempts,
      .whole(0...36_500),
      "Days that attempts to connect are kept. 0 means forever; likewise below."
    ),
    Key(
      "node_database.keep_advertisements",
      \.nodeDatabase.keepAdvertisements,
      .whole(0...36_500),
      "Days that advertisements of addresses are kept, with the peers that sent them."
    ),
    Key(
      "node_database.keep_unreached",
      \.nodeDatabase.keepUnreached,
      .whole(0...36_500),
      "Days that an endpoint is kept that was never reached and is no longer advertised."
    ),
    Key(
      "node_database.keep_changes",
      \.nodeDatabase.keepChanges,
      .whole(0...36_500),
      "Days that changes are kept. The state at the beginning of that time stays."
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
  /// A file's path, made absolute, or the address of a PostgreSQL database.
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
