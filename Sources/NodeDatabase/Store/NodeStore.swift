import BitcoinWire
import Observations
import Store

/// The node database: the nodes of a network and their history. docs/crawler.md describes its schema.
///
/// It has no network and no clock: each observation carries its time. Each call is one transaction, complete
/// or without effect, even if the process is killed. A store is for one thread at a time. Several programs
/// may open the same database; they write in turn.
public final class NodeStore {
  /// The connection to the database.
  private let database: any Database

  /// The most advertisers of one endpoint that are kept by name; further ones are only counted.
  public static let advertiserLimit = 16

  private init(_ database: any Database) { self.database = database }

  /// Opens a database. Creates it or migrates it to this version's layout if necessary.
  ///
  /// - Parameters:
  ///   - place: the path of an SQLite file, or a libpq URL (`postgresql://…` or `postgres://…`).
  ///   - schema: the PostgreSQL schema of the tables.
  ///   - isReadOnly: whether to write nothing; the database must then exist. One of an earlier version is migrated all the
  ///     same.
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
            // A writer that is killed at any time leaves whole transactions.
            settings: (isReadOnly ? [] : ["PRAGMA journal_mode = WAL"]) + [
              "PRAGMA synchronous = NORMAL", "PRAGMA temp_store = MEMORY", "PRAGMA cache_size = -16384",
            ] + temporary
          )
      )
      guard isReadOnly else {
        try store.migrate()
        return store
      }
      guard try store.hasCurrentLayout() else {
        // The first program that opens an earlier version's database migrates it.
        _ = try open(place, schema: schema)
        return try open(place, schema: schema, isReadOnly: true)
      }
      return store
    }
  }

  /// The layout of a database; 0 if it has none.
  private static func layout(_ session: any Database) throws -> Int {
    guard try session.hasTable("properties") else { return 0 }
    let number = try session.rows("SELECT value FROM properties WHERE name = 'layout'").first?.first?.string
    return number.flatMap { Int($0) } ?? 0
  }

  /// Assigns the database to a network, unless it is assigned to one already.
  ///
  /// - Throws: `NodeStoreError` if it is assigned to another network.
  public func claim(network: String) throws(NodeStoreError) {
    try transaction { session in
      let owner = try session.rows("SELECT value FROM properties WHERE name = 'network'").first?.first?.string
      if let owner, owner != network { throw NodeStoreError("it belongs to \(owner), not to \(network)") }
      if owner == nil {
        try session.execute(
          "INSERT INTO properties (name, value) VALUES ('network', \(SQL.literal(network)))"
        )
      }
    }
  }

  /// Whether the database has this version's layout; false if it has an earlier one.
  private func hasCurrentLayout() throws -> Bool {
    let layout = try read { try Self.layout($0) }
    guard layout > 0 else { throw NodeStoreError("it is not a node database") }
    try Self.check(layout)
    return layout == Layout.migrations.count
  }

  private static func check(_ layout: Int) throws {
    guard layout <= Layout.migrations.count else {
      throw NodeStoreError("a newer version has written it: its layout is \(layout)")
    }
  }

  private func migrate() throws {
    try transaction { session in
      try session.makeSchema()
      let layout = try Self.layout(session)
      try Self.check(layout)
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

  /// Calls `body` in a read transaction.
  func read<Result>(_ body: (any Database) throws -> Result) throws(NodeStoreError) -> Result {
    try Self.reporting { try database.transaction(.reading) { try body(database) } }
  }

  /// Calls `body` in a write transaction.
  func transaction<Result>(_ body: (any Database) throws -> Result) throws(NodeStoreError) -> Result {
    // Writers assign ids, so only one may write at a time.
    try Self.reporting { try database.transaction(.writing, lock: "properties") { try body(database) } }
  }
}

/// An endpoint as a crawler loads it after a restart, with the data for scheduling its next attempt.
public struct KnownEndpoint: Sendable {
  /// The endpoint.
  public var endpoint: Endpoint
  /// Its state.
  public var state: NodeState
  /// When it was first advertised, in ns since the Unix epoch.
  public var firstAdvertised: UInt64
  /// When it was last advertised, in ns since the Unix epoch.
  public var lastAdvertised: UInt64
  /// When it was last tried, in ns since the Unix epoch; nil if never.
  public var lastTried: UInt64?
  /// When it was last reached, in ns since the Unix epoch; nil if never.
  public var lastReached: UInt64?
  /// Failed attempts since it was last reached, except for failures through our own fault.
  public var failures: Int
  /// The number of its advertisers.
  public var advertisers: Int
  /// Its services, by itself or, before it was reached, by an advertiser.
  public var services: ServiceFlags
  /// Its reliability in the last week, 0 to 1.
  public var reliability: Double
}

extension NodeStore {
  /// Calls `body` with every known endpoint: those reached last first, then those advertised last.
  ///
  /// - Parameter body: returns whether to continue.
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

  /// Returns every known endpoint in the same order.
  public func load() throws(NodeStoreError) -> [KnownEndpoint] {
    var candidates: [KnownEndpoint] = []
    try load {
      candidates.append($0)
      return true
    }
    return candidates
  }
}
