extension Configuration {
  /// The section `geo`: databases in MaxMind's format; nil for none.
  public struct Geo: Equatable, Sendable {
    /// Absolute path of the database of countries, cities, coordinates and time zones.
    public internal(set) var city: String?
    /// Absolute path of the database of countries.
    public internal(set) var country: String?
    /// Absolute path of the database of autonomous systems.
    public internal(set) var asn: String?

    /// The paths of the configured databases.
    public var paths: [String] { [city, country, asn].compactMap { $0 } }
  }

  /// The keys of reverse DNS, under `crawl`.
  static let reverseKeys: [Key] = [
    Key(
      "crawl.reverse_dns",
      \.crawl.reverseDNS,
      .truth,
      """
      Whether to ask name servers for the names of reachable nodes' addresses. Name servers and zone owners
      then see which addresses you observe.
      """
    ),
    Key(
      "crawl.reverse_dns_rate",
      \.crawl.reverseDNSRate,
      .real(0.1...1000, "questions a second"),
      "The most such queries a second, and at most that many under way."
    ),
  ]

  /// The keys under `geo`.
  static let geoKeys: [Key] = [
    Key(
      "geo.city",
      \.geo.city,
      database,
      example: quoted("/var/lib/GeoIP/GeoLite2-City.mmdb"),
      """
      Database of countries, cities, coordinates and time zones, in MaxMind's format. A replaced file is
      opened again within a minute. By default none; likewise below.
      """
    ),
    Key(
      "geo.country",
      \.geo.country,
      database,
      example: quoted("/var/lib/GeoIP/GeoLite2-Country.mmdb"),
      "Database of countries; not needed with geo.city."
    ),
    Key(
      "geo.asn",
      \.geo.asn,
      database,
      example: quoted("/var/lib/GeoIP/GeoLite2-ASN.mmdb"),
      "Database of autonomous systems and their owners."
    ),
  ]

  private static var database: Kind<String?> { Kind.path("a file", isFolder: false).optional() }
}
