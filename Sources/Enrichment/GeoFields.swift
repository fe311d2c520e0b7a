/// The data about an address; nil where the databases have none.
public struct GeoFields: Equatable, Sendable {
  /// The country's code of two letters (ISO 3166-1).
  public var country: String?
  /// The city's English name.
  public var city: String?
  /// The latitude in degrees north, -90 to 90.
  public var latitude: Double?
  /// The longitude in degrees east, -180 to 180.
  public var longitude: Double?
  /// The time zone's name in the tz database.
  public var timeZone: String?
  /// The autonomous system's number.
  public var asn: UInt32?
  /// The organisation of the autonomous system.
  public var organization: String?

  /// Creates fields without data.
  public init() {}

  /// Fills missing fields from another database. Coordinates, and number with organisation, are filled as
  /// pairs.
  mutating func fill(from other: GeoFields) {
    country = country ?? other.country
    city = city ?? other.city
    if latitude == nil { (latitude, longitude) = (other.latitude, other.longitude) }
    timeZone = timeZone ?? other.timeZone
    if asn == nil { (asn, organization) = (other.asn, other.organization) }
  }
}
