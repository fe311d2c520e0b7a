import Configuration
import NodeDatabase

extension Retention {
  /// The retention in the section `node_database`.
  public init(_ configured: Configuration.NodeDatabase) {
    self.init()
    attempts = configured.keepAttempts
    advertisements = configured.keepAdvertisements
    unreached = configured.keepUnreached
    changes = configured.keepChanges
    snapshots = configured.keepSnapshots
    hourly = configured.keepHourly
    daily = configured.keepDaily
  }
}
