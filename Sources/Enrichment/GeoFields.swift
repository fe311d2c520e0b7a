/// What databases know of an address; nil where they know nothing.
public struct GeoFields: Equatable, Sendable {
  /// The country's code of two letters (ISO 3166-1).
  public var country: String?
  /// The city's English name.
  public var city: String?
  /// Degrees north, -90 … 90.
  public var latitude: Double?
  /// Degrees east, -180 … 180.
  public var longitude: Double?
  /// The time zone, as the tz database calls it.
  public var timeZone: String?
  /// The autonomous system's number.
  public var asn: UInt32?
  /// Whose it is.
  public var organization: String?

  /// Nothing.
  public init() {}

  /// Takes what another database knows besides.
  mutating func fill(from other: GeoFields) {
    country = country ?? other.country
    city = city ?? other.city
    if latitude == nil { (latitude, longitude) = (other.latitude, other.longitude) }
    timeZone = timeZone ?? other.timeZone
    if asn == nil { (asn, organization) = (other.asn, other.organization) }
  }
}
