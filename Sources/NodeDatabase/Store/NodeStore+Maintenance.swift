import Store

/// For how long what is kept; days, 0 for ever.
public struct Retention: Sendable, Equatable {
  /// Each attempt.
  public var attempts = 7
  /// Who advertised what.
  public var advertisements = 30
  /// Endpoints that were never reached and are not advertised any more.
  public var unreached = 30
  /// Changes, but for the last one of each kind and node before then.
  public var changes = 0
  /// Snapshots.
  public var snapshots = 0
  /// Hourly roll-ups.
  public var hourly = 730
  /// Daily ones.
  public var daily = 0

  /// The defaults.
  public init() {}
}

extension NodeStore {
  /// Keeps who is reachable now, as it is now.
  ///
  /// - Parameter time: now, in ns since the Unix epoch.
  /// - Returns: the snapshot's number.
  @discardableResult
  public func snapshot(at time: UInt64) throws(NodeStoreError) -> Int64 {
    try transaction { session in
      let id = (try session.integer("SELECT max(id) FROM snapshots") ?? 0) + 1
      let columns = SQLTable.snapshotNodes.columns.map(\.name).dropFirst(2).joined(separator: ", ")
      try session.execute(
        """
        INSERT INTO snapshot_nodes (snapshot, node, \(columns)) \
        SELECT \(id), id, \(columns) FROM nodes_now
        """
      )
      try session.execute(
        """
        INSERT INTO snapshots (id, time_ns, reachable) \
        SELECT \(id), \(time), count(*) FROM snapshot_nodes WHERE snapshot = \(id)
        """
      )
      return id
    }
  }

  /// Counts every hour and day that has passed and was not counted yet, from the changes: it does not matter when, nor
  /// how long after, it is called, as long as those are kept. Hours and days in which nothing was seen have no counts.
  ///
  /// - Parameter now: ns since the Unix epoch.
  public func rollUp(now: UInt64) throws(NodeStoreError) {
    try transaction { session in
      try Self.rollUp(session, .hourly, Span.hour, now)
      try Self.rollUp(session, .daily, Span.day, now)
    }
  }

  private static func rollUp(_ session: any Database, _ table: SQLTable, _ span: Int64, _ now: UInt64) throws
  {
    guard let first = try session.integer("SELECT min(time_ns) FROM changes") else { return }
    let last = try session.integer("SELECT max(time_ns) FROM \(table.name)")
    // A row's time is the beginning of its hour or day; what it counts is as of the end.
    var begin = last.map { $0 + span } ?? first / span * span
    while begin + span <= Int64(clamping: now) {
      let end = begin + span
      // What nobody looked at is not counted as if somebody had.
      guard let seen = try firstSeen(session, from: begin, to: end) else { return }
      guard seen < end else {
        begin = seen / span * span
        continue
      }
      try session.execute(
        """
        INSERT INTO \(table.name) (time_ns, dimension, value, nodes) \
        WITH past AS (\(Past.statement(at: end - 1))), up AS (SELECT * FROM past WHERE state = 'reachable') \
        SELECT \(begin), 'total', '', count(*) FROM up \
        UNION ALL SELECT \(begin), 'state', state, count(*) FROM past GROUP BY state \
        \(Layout.dimensions.map { dimension in
          """
          UNION ALL SELECT \(begin), '\(dimension.name)', coalesce(CAST(\(dimension.name) AS TEXT), ''), count(*) \
          FROM up GROUP BY \(dimension.name)
          """
        }.joined(separator: " "))
        """
      )
      if span == Span.day {
        try session.execute(
          """
          INSERT INTO node_days (time_ns, node, up_ns) \
          WITH states AS (SELECT node, value, time_ns AS since, \
          lead(time_ns, 1, \(end)) OVER (PARTITION BY node ORDER BY time_ns, id) AS until \
          FROM changes WHERE field = 'state' AND time_ns < \(end)) \
          SELECT \(begin), node, CAST(sum(until - CASE WHEN since < \(begin) THEN \(begin) ELSE since END) AS BIGINT) \
          FROM states WHERE value = 'reachable' AND until > \(begin) GROUP BY node
          """
        )
      }
      begin = end
    }
  }

  /// When anything was seen from a time on, changes first: there is an index of them.
  private static func firstSeen(_ session: any Database, from begin: Int64, to end: Int64) throws -> Int64? {
    let change = try session.integer("SELECT min(time_ns) FROM changes WHERE time_ns >= \(begin)")
    if let change, change < end { return change }
    let attempt = try session.integer("SELECT min(time_ns) FROM attempts WHERE time_ns >= \(begin)")
    return [change, attempt].compactMap { $0 }.min()
  }

  /// Forgets what need not be kept any longer.
  ///
  /// - Parameter now: ns since the Unix epoch.
  public func prune(_ retention: Retention, now: UInt64) throws(NodeStoreError) {
    func horizon(_ days: Int) -> Int64? {
      days == 0 ? nil : Int64(clamping: now) - Int64(days) * Span.day
    }
    try transaction { session in
      let simple: [(String, Int)] = [
        ("attempts WHERE time_ns", retention.attempts),
        ("advertisements WHERE last_ns", retention.advertisements),
        ("hourly WHERE time_ns", retention.hourly), ("daily WHERE time_ns", retention.daily),
        ("node_days WHERE time_ns", retention.daily),
      ]
      for (place, days) in simple {
        if let horizon = horizon(days) { try session.execute("DELETE FROM \(place) < \(horizon)") }
      }
      if let horizon = horizon(retention.snapshots) {
        try session.execute(
          "DELETE FROM snapshot_nodes WHERE snapshot IN (SELECT id FROM snapshots WHERE time_ns < \(horizon))"
        )
        try session.execute("DELETE FROM snapshots WHERE time_ns < \(horizon)")
      }
      if let horizon = horizon(retention.changes) {
        // What held at the horizon stays, so that every later moment can still be told.
        try session.execute(
          """
          DELETE FROM changes WHERE id IN (SELECT id FROM (SELECT id, \
          row_number() OVER (PARTITION BY node, field ORDER BY time_ns DESC, id DESC) AS place \
          FROM changes WHERE time_ns < \(horizon)) AS old WHERE place > 1)
          """
        )
      }
      if let horizon = horizon(retention.unreached) {
        let gone = """
          SELECT id FROM nodes WHERE first_reached_ns IS NULL AND last_advertised_ns < \(horizon) \
          AND coalesce(last_tried_ns, 0) < \(horizon)
          """
        for table in ["attempts", "advertisements", "changes"] {
          try session.execute("DELETE FROM \(table) WHERE node IN (\(gone))")
        }
        try session.execute("DELETE FROM advertisements WHERE advertiser IN (\(gone))")
        try session.execute("DELETE FROM nodes WHERE id IN (\(gone))")
      }
    }
  }
}
