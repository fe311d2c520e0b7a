import BitcoinWire
import NodeDatabase

/// Says where endpoints are and whose network they are in, from databases in MaxMind's format.
///
/// All of them are optional. One that is missing or damaged is told once, and again when that changes; the others go
/// on. A database whose file was replaced is opened again within a minute of the caller's time.
public final class Enricher {
  /// How often files are looked at, in ns.
  private static let interval: UInt64 = 60_000_000_000

  private let sources: [GeoSource]
  private let report: (GeoDatabaseError) -> Void
  private var databases: [(source: GeoSource, database: GeoDatabase)] = []
  private var checked: UInt64?

  /// Prepares to say; databases are opened when they are first needed.
  ///
  /// - Parameters:
  ///   - paths: the databases' files, in any order: what each is follows from itself.
  ///   - report: is told of each that cannot be used.
  public init(_ paths: [String], report: @escaping (GeoDatabaseError) -> Void) {
    sources = paths.map { GeoSource($0) }
    self.report = report
  }

  /// Whether there is any database to ask.
  public var hasSources: Bool { !sources.isEmpty }

  /// What the databases say of an endpoint; nil where they know nothing, as of every Tor, I2P and CJDNS address.
  ///
  /// - Parameter time: now, ns since the Unix epoch.
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

  /// Takes what is open, the better source of a country first.
  private func collect() {
    databases = sources.compactMap { source in source.database.map { (source, $0) } }
      .sorted { $0.database.kind.rawValue < $1.database.kind.rawValue }
  }
}
