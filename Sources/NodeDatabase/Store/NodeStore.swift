import BitcoinWire
import Observations
import Store

/// The node database: who is in the network, and how it came to be so; docs/crawler.md has its schema.
///
/// It knows no network and no time of its own: whoever observes says what was seen when. Each call is one transaction,
/// whole or not at all, however the process ends. A store is for one thread at a time; several programs may have the
/// same database open, and write in turn.
public final class NodeStore {
  /// Where the tables are.
  private let database: any Database

  /// How many advertisers of one endpoint are told by name; further ones are only counted.
  public static let advertiserLimit = 16

  private init(_ database: any Database) { self.database = database }

  /// Opens a database, made or brought to this version's layout where needed.
  ///
  /// - Parameters:
  ///   - place: a file's path for SQLite, or `postgresql://…` (or `postgres://…`) as of libpq.
  ///   - schema: the PostgreSQL schema that the tables are in.
  ///   - isReadOnly: whether it has to be there, in this layout, and is not written.
  public static func open(_ place: String, schema: String = "nodes", isReadOnly: Bool = false)
    throws(NodeStoreError)
    -> NodeStore
  {
    try reporting {
      let temporary = SQLTable.temporary.map(\.temporaryCreation)
      let isURL = place.hasPrefix("postgresql://") || place.hasPrefix("postgres://")
      let store = NodeStore(
        isURL
          ? try SQL.openPostgreSQL(place, schema: schema, settings: temporary)
          : try SQL.openSQLite(
            place,
            isReadOnly ? .reading : .writing,
            // A writer that is killed at any moment leaves whole transactions.
            settings: (isReadOnly ? [] : ["PRAGMA journal_mode = WAL"]) + [
              "PRAGMA synchronous = NORMAL", "PRAGMA temp_store = MEMORY", "PRAGMA cache_size = -16384",
            ] + temporary
          )
      )
      if isReadOnly { try store.checkLayout() } else { try store.migrate() }
      return store
    }
  }

  /// The layout that a database has; 0 where it has none.
  private static func layout(_ session: any Database) throws -> Int {
    guard try session.hasTable("properties") else { return 0 }
    let number = try session.rows("SELECT value FROM properties WHERE name = 'layout'").first?.first?.string
    return number.flatMap { Int($0) } ?? 0
  }

  /// Has the database be that of a network: of the one that it is of already, or of this one from now on.
  ///
  /// - Throws: `NodeStoreError` where it is another's.
  public func claim(network: String) throws(NodeStoreError) {
    try transaction { session in
      let owner = try session.rows("SELECT value FROM properties WHERE name = 'network'").first?.first?.string
      if let owner, owner != network { throw NodeStoreError("it is of \(owner), not of \(network)") }
      if owner == nil {
        try session.execute(
          "INSERT INTO properties (name, value) VALUES ('network', \(SQL.literal(network)))"
        )
      }
    }
  }

  private func checkLayout() throws {
    let layout = try read { try Self.layout($0) }
    guard layout == Layout.migrations.count else {
      throw NodeStoreError(
        layout == 0
          ? "it is no node database" : "its layout is \(layout), and \(Layout.migrations.count) is read here"
      )
    }
  }

  private func migrate() throws {
    try transaction { session in
      try session.makeSchema()
      let layout = try Self.layout(session)
      guard layout <= Layout.migrations.count else {
        throw NodeStoreError("a newer version has written it: its layout is \(layout)")
      }
      guard layout < Layout.migrations.count else { return }
      if layout == 0 {
        try session.execute("CREATE TABLE properties (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
        try session.execute("INSERT INTO properties (name, value) VALUES ('layout', '0')")
      }
      for statement in Layout.migrations[layout...].joined() { try session.execute(statement) }
      try session.execute("UPDATE properties SET value = '\(Layout.migrations.count)' WHERE name = 'layout'")
    }
  }

  /// Calls `body`, and throws its errors as `NodeStoreError`.
  static func reporting<Result>(_ body: () throws -> Result) throws(NodeStoreError) -> Result {
    do { return try body() } catch let error as NodeStoreError { throw error } catch {
      if case StoreError.refused = error { throw NodeStoreError("\(error)", isRefusal: true) }
      throw NodeStoreError("\(error)")
    }
  }

  /// Reads within one moment.
  func read<Result>(_ body: (any Database) throws -> Result) throws(NodeStoreError) -> Result {
    try Self.reporting { try database.transaction(.reading) { try body(database) } }
  }

  /// Writes all of it or nothing.
  func transaction<Result>(_ body: (any Database) throws -> Result) throws(NodeStoreError) -> Result {
    // Ids are given by whoever writes: one at a time.
    try Self.reporting { try database.transaction(.writing, lock: "properties") { try body(database) } }
  }
}

/// What a crawler begins with after a restart: an endpoint, and what decides when to try it.
public struct KnownEndpoint: Sendable {
  /// Whom to try.
  public var endpoint: Endpoint
  /// What is known of it.
  public var state: NodeState
  /// When it was first heard of, ns since the Unix epoch; likewise those below, nil where it never was.
  public var firstAdvertised: UInt64
  /// When it was last heard of.
  public var lastAdvertised: UInt64
  /// When it was last tried.
  public var lastTried: UInt64?
  /// When it was last reached.
  public var lastReached: UInt64?
  /// How many attempts failed since it was last reached, those that were our fault not counted.
  public var failures: Int
  /// How many advertisers told of it.
  public var advertisers: Int
  /// What it offers, as it said or, before it did, as somebody advertised.
  public var services: ServiceFlags
  /// How reliably it was reached in the last week, 0 … 1.
  public var reliability: Double
}

extension NodeStore {
  /// Gives every endpoint that is known, those reached last first, then those advertised last.
  ///
  /// - Parameter body: takes one; says whether to go on.
  public func load(_ body: (KnownEndpoint) throws -> Bool) throws(NodeStoreError) {
    try read { session in
      try session.forEachRow(
        """
        SELECT endpoint, state, first_advertised_ns, last_advertised_ns, last_tried_ns, last_reached_ns, failures, \
        advertisers, services, reliability_1w FROM nodes \
        ORDER BY coalesce(last_reached_ns, 0) DESC, last_advertised_ns DESC
        """
      ) { row in
        guard let endpoint = row[0].string.flatMap({ Endpoint($0) }),
          let state = row[1].string.flatMap(NodeState.init(rawValue:))
        else { return true }
        return try body(
          KnownEndpoint(
            endpoint: endpoint,
            state: state,
            firstAdvertised: UInt64(clamping: row[2].integer ?? 0),
            lastAdvertised: UInt64(clamping: row[3].integer ?? 0),
            lastTried: row[4].integer.map { UInt64(clamping: $0) },
            lastReached: row[5].integer.map { UInt64(clamping: $0) },
            failures: Int(row[6].integer ?? 0),
            advertisers: Int(row[7].integer ?? 0),
            services: ServiceFlags(rawValue: UInt64(bitPattern: row[8].integer ?? 0)),
            reliability: row[9].real ?? 0
          )
        )
      }
    }
  }

  /// Every endpoint that is known, in that order.
  public func load() throws(NodeStoreError) -> [KnownEndpoint] {
    var candidates: [KnownEndpoint] = []
    try load {
      candidates.append($0)
      return true
    }
    return candidates
  }
}
