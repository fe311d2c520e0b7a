import Store

/// How long rows are kept, in days; 0 for ever.
public struct Retention: Sendable, Equatable {
  /// Attempts.
  public var attempts = 7
  /// Advertisements, since the last time they came.
  public var advertisements = 30
  /// Endpoints that were never reached, since they were last advertised or tried.
  public var unreached = 30
  /// Changes. The last one before the horizon stays, for each node and field.
  public var changes = 0
  /// Snapshots.
  public var snapshots = 0
  /// Hourly roll-ups.
  public var hourly = 730
  /// Daily roll-ups, including `node_days`.
  public var daily = 0

  /// Creates the default retention.
  public init() {}
}

extension NodeStore {
  /// Saves the nodes that are reachable now.
  ///
  /// - Parameter time: now, in ns since the Unix epoch.
  /// - Returns: the snapshot's id.
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

  /// Counts every past hour and day that has not been counted, from the changes. It may be called at any
  /// time, as long as those changes are kept. Hours and days without observations get no counts. Each hour or
  /// day is one transaction.
  ///
  /// - Parameter now: ns since the Unix epoch.
  public func rollUp(now: UInt64) throws(NodeStoreError) {
    for (table, span) in [(SQLTable.hourly, Span.hour), (.daily, Span.day)] {
      // Reading takes longer and blocks no one, so only the writing is in a write transaction.
      while let rollUp = try read({ try RollUp($0, table, span, now: now) }) {
        try transaction { try rollUp.write($0) }
      }
    }
  }

  /// Deletes the rows that have expired.
  ///
  /// - Parameter now: ns since the Unix epoch.
  public func prune(_ retention: Retention, now: UInt64) throws(NodeStoreError) {
    func horizon(_ days: Int) -> Int64? {
      days == 0 ? nil : Int64(clamping: now) - Int64(days) * Span.day
    }
    // Unrelated statements are separate transactions, so that others can write in between.
    func execute(_ statements: String...) throws(NodeStoreError) {
      try transaction { session in
        for statement in statements { try session.execute(statement) }
      }
    }
    let simple: [(String, Int)] = [
      ("attempts WHERE time_ns", retention.attempts),
      ("advertisements WHERE last_ns", retention.advertisements),
      ("hourly WHERE time_ns", retention.hourly), ("daily WHERE time_ns", retention.daily),
      ("node_days WHERE time_ns", retention.daily),
    ]
    for (place, days) in simple {
      if let horizon = horizon(days) { try execute("DELETE FROM \(place) < \(horizon)") }
    }
    if let horizon = horizon(retention.snapshots) {
      try execute(
        "DELETE FROM snapshot_nodes WHERE snapshot IN (SELECT id FROM snapshots WHERE time_ns < \(horizon))",
        "DELETE FROM snapshots WHERE time_ns < \(horizon)"
      )
    }
    if let horizon = horizon(retention.changes) {
      // The values at the horizon stay, so that every later moment can be reconstructed.
      try execute(
        """
        DELETE FROM changes WHERE time_ns < \(horizon) AND EXISTS (SELECT 1 FROM changes later \
        WHERE later.node = changes.node AND later.field = changes.field AND later.time_ns < \(horizon) \
        AND (later.time_ns > changes.time_ns OR later.time_ns = changes.time_ns AND later.id > changes.id))
        """
      )
    }
    if let horizon = horizon(retention.unreached) {
      let gone = """
        SELECT id FROM nodes WHERE first_reached_ns IS NULL AND last_advertised_ns < \(horizon) \
        AND coalesce(last_tried_ns, 0) < \(horizon)
        """
      try execute(
        "DELETE FROM attempts WHERE node IN (\(gone))",
        "DELETE FROM advertisements WHERE node IN (\(gone))",
        "DELETE FROM changes WHERE node IN (\(gone))",
        "DELETE FROM advertisements WHERE advertiser IN (\(gone))",
        "DELETE FROM nodes WHERE id IN (\(gone))"
      )
    }
  }
}
