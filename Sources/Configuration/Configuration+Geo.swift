extension Configuration {
  /// Databases in MaxMind's format of what is known of addresses; nil where there is none.
  public struct Geo: Equatable, Sendable {
    /// File of countries, cities, coordinates and time zones.
    public internal(set) var city: String?
    /// File of countries.
    public internal(set) var country: String?
    /// File of autonomous systems.
    public internal(set) var asn: String?

    /// The files that there are to be.
    public var paths: [String] { [city, country, asn].compactMap { $0 } }
  }

  /// Asking what nodes are called; they belong to the section of crawls.
  static let reverseKeys: [Key] = [
    Key(
      "crawl.reverse_dns",
      \.crawl.reverseDNS,
      .truth,
      """
      Whether to ask name servers what the addresses of reachable nodes are called. Name servers, and
      those who run the zones, then see whom one looks at.
      """
    ),
    Key(
      "crawl.reverse_dns_rate",
      \.crawl.reverseDNSRate,
      .real(0.1...1000, "questions a second"),
      "Most such questions a second, and under way."
    ),
  ]

  /// Where nodes are, and in whose network.
  static let geoKeys: [Key] = [
    Key(
      "geo.city",
      \.geo.city,
      database,
      example: quoted("/var/lib/GeoIP/GeoLite2-City.mmdb"),
      """
      Database in MaxMind's format of countries, cities, coordinates and time zones. A file that is
      replaced is opened again within a minute. By default none, as below.
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
      "Database of autonomous systems and whose they are."
    ),
  ]

  private static var database: Kind<String?> { Kind.path("a file", isFolder: false).optional() }
}
