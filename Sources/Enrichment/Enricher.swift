import BitcoinWire
import NodeDatabase

/// Looks up the locations and autonomous systems of endpoints in databases in MaxMind's format.
///
/// Each database is optional. A missing or damaged one is reported once, and again when the reason changes;
/// the others still serve. A replaced file is opened within a minute of the caller's time.
public final class Enricher {
  /// The time between two checks of the files, in ns.
  private static let interval: UInt64 = 60_000_000_000

  private let sources: [GeoSource]
  private let report: (GeoDatabaseError) -> Void
  private var databases: [(source: GeoSource, database: GeoDatabase)] = []
  private var checked: UInt64?

  /// Creates an enricher. It opens the databases when they are first needed.
  ///
  /// - Parameters:
  ///   - paths: the databases' files in any order; each file has its type in it.
  ///   - report: called with the error of a database that cannot be used.
  public init(_ paths: [String], report: @escaping (GeoDatabaseError) -> Void) {
    sources = paths.map { GeoSource($0) }
    self.report = report
  }

  /// Whether any database is configured.
  public var hasSources: Bool { !sources.isEmpty }

  /// Looks up an endpoint. Returns nil if no database knows it, as for every Tor, I2P and CJDNS address.
  ///
  /// - Parameter time: now, in ns since the Unix epoch.
  public func enrichment(of endpoint: Endpoint, at time: UInt64) -> EndpointFacts? {
    refresh(time)
    var fields = GeoFields()
    for (source, database) in databases {
      do throws(GeoDatabaseError) {
        fields.fill(from: try database.fields(of: endpoint.address))
      } catch {
        if let news = source.discard(error) { report(news) }
        collect()
      }
    }
    guard fields != GeoFields() else { return nil }
    var enrichment = EndpointFacts(endpoint, time: time)
    enrichment.country = fields.country
    enrichment.city = fields.city
    enrichment.latitude = fields.latitude
    enrichment.longitude = fields.longitude
    enrichment.timeZone = fields.timeZone
    enrichment.asn = fields.asn
    enrichment.organization = fields.organization
    return enrichment
  }

  private func refresh(_ time: UInt64) {
    if let checked, time >= checked, time - checked < Self.interval { return }
    checked = time
    for source in sources {
      if let news = source.refresh() { report(news) }
    }
    collect()
  }

  /// Collects the open databases, the better source for countries first.
  private func collect() {
    databases = sources.compactMap { source in source.database.map { (source, $0) } }
      .sorted { $0.database.kind.rawValue < $1.database.kind.rawValue }
  }
}
