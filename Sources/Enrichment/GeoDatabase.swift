import BitcoinWire
import CMaxMindDB
import Glibc

/// A database in MaxMind's format (GeoLite2, GeoIP2 or compatible), whose file is mapped into memory.
///
/// Replace the file by renaming another over it, as `geoipupdate` does. If it is truncated while mapped, the
/// process dies.
public final class GeoDatabase {
  /// The content of a database, in the order in which databases are asked: the better source for countries
  /// first.
  public enum Kind: Int, Sendable {
    /// Countries, cities, coordinates and time zones.
    case city
    /// Countries.
    case country
    /// Autonomous systems.
    case asn

    /// The kind of a type such as `GeoLite2-City`, `GeoIP2-Enterprise`, `GeoIP2-ISP`; nil for other types.
    init?(type: String) {
      if type.contains("City") || type.contains("Enterprise") {
        self = .city
      } else if type.contains("Country") {
        self = .country
      } else if type.contains("ASN") || type.contains("ISP") {
        self = .asn
      } else {
        return nil
      }
    }
  }

  /// The file's path.
  public let path: String
  /// The type in the file, such as `GeoLite2-City`.
  public let type: String
  /// The kind of its type.
  public let kind: Kind
  /// The build time in seconds since the Unix epoch.
  public let built: UInt64

  private let database: UnsafeMutablePointer<MMDB_s>

  /// Opens a database.
  ///
  /// - Throws: `GeoDatabaseError` if the file cannot be read, is visibly damaged (it is not read as a whole),
  ///   or has a type without useful content.
  public init(_ path: String) throws(GeoDatabaseError) {
    let database = UnsafeMutablePointer<MMDB_s>.allocate(capacity: 1)
    let status = MMDB_open(path, UInt32(MMDB_MODE_MMAP), database)
    guard status == MMDB_SUCCESS else {
      let reason = status == MMDB_FILE_OPEN_ERROR ? String(cString: strerror(errno)) : Self.text(status)
      database.deallocate()
      throw GeoDatabaseError(path, reason)
    }
    let type = database.pointee.metadata.database_type.map { String(cString: $0) } ?? ""
    guard netmine_mmdb_is_whole(database), let kind = Kind(type: type) else {
      let isWhole = netmine_mmdb_is_whole(database)
      MMDB_close(database)
      database.deallocate()
      throw GeoDatabaseError(
        path,
        isWhole
          ? "Its type is \(type): it has neither locations nor autonomous systems"
          : "It is damaged: its search tree does not end where it should"
      )
    }
    self.path = path
    self.type = type
    self.kind = kind
    built = database.pointee.metadata.build_epoch
    self.database = database
  }

  deinit {
    MMDB_close(database)
    database.deallocate()
  }

  /// Looks up an address. All fields are nil if it is neither IPv4 nor IPv6.
  ///
  /// - Throws: `GeoDatabaseError` if the lookup finds damage.
  public func fields(of address: NetworkAddress) throws(GeoDatabaseError) -> GeoFields {
    var fields = GeoFields()
    guard var entry = try entry(address.unmapped) else { return fields }
    switch kind {
    case .city:
      fields.country = try text(&entry, "country", "iso_code")
      fields.city = try text(&entry, "city", "names", "en")
      let latitude = try real(&entry, "location", "latitude")
      let longitude = try real(&entry, "location", "longitude")
      if let latitude, let longitude, abs(latitude) <= 90, abs(longitude) <= 180 {
        (fields.latitude, fields.longitude) = (latitude, longitude)
      }
      fields.timeZone = try text(&entry, "location", "time_zone")
    case .country:
      fields.country = try text(&entry, "country", "iso_code")
    case .asn:
      fields.asn = try number(&entry, "autonomous_system_number")
      fields.organization = try text(&entry, "autonomous_system_organization")
    }
    return fields
  }

  private func entry(_ address: NetworkAddress) throws(GeoDatabaseError) -> MMDB_entry_s? {
    var status: Int32 = 0
    var result: MMDB_lookup_result_s
    switch address {
    case .ipv4(let number):
      var socket = sockaddr_in()
      socket.sin_family = sa_family_t(AF_INET)
      socket.sin_addr.s_addr = number.bigEndian
      result = withUnsafePointer(to: &socket) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { MMDB_lookup_sockaddr(database, $0, &status) }
      }
    case .ipv6(let number):
      var socket = sockaddr_in6()
      socket.sin6_family = sa_family_t(AF_INET6)
      withUnsafeMutableBytes(of: &socket.sin6_addr) { $0.storeBytes(of: number.bigEndian, as: UInt128.self) }
      result = withUnsafePointer(to: &socket) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { MMDB_lookup_sockaddr(database, $0, &status) }
      }
    case .torV2, .torV3, .i2p, .cjdns, .other: return nil
    }
    if status == MMDB_IPV6_LOOKUP_IN_IPV4_DATABASE_ERROR { return nil }
    guard status == MMDB_SUCCESS else { throw damage(status) }
    return result.found_entry ? result.entry : nil
  }

  private func text(
    _ entry: inout MMDB_entry_s,
    _ first: String,
    _ second: String? = nil,
    _ third: String? = nil
  ) throws(GeoDatabaseError) -> String? {
    let value = try value(&entry, first, second, third)
    guard value.type == MMDB_DATA_TYPE_UTF8_STRING, value.size > 0 else { return nil }
    let bytes = UnsafeRawBufferPointer(start: value.text, count: Int(value.size))
    return String(decoding: bytes, as: UTF8.self)
  }

  private func real(_ entry: inout MMDB_entry_s, _ first: String, _ second: String) throws(GeoDatabaseError)
    -> Double?
  {
    let value = try value(&entry, first, second)
    return value.type == MMDB_DATA_TYPE_DOUBLE || value.type == MMDB_DATA_TYPE_FLOAT ? value.real : nil
  }

  private func number(_ entry: inout MMDB_entry_s, _ name: String) throws(GeoDatabaseError) -> UInt32? {
    let value = try value(&entry, name)
    switch Int32(value.type) {
    case MMDB_DATA_TYPE_UINT16, MMDB_DATA_TYPE_UINT32, MMDB_DATA_TYPE_UINT64:
      return UInt32(exactly: value.whole)
    default: return nil
    }
  }

  private func value(
    _ entry: inout MMDB_entry_s,
    _ first: String,
    _ second: String? = nil,
    _ third: String? = nil
  ) throws(GeoDatabaseError) -> netmine_mmdb_value {
    var value = netmine_mmdb_value()
    let status = netmine_mmdb_get(&entry, first, second, third, &value)
    guard status == MMDB_SUCCESS else { throw damage(status) }
    return value
  }

  private func damage(_ status: Int32) -> GeoDatabaseError {
    GeoDatabaseError(path, "It is damaged: \(Self.text(status))")
  }

  private static func text(_ status: Int32) -> String { String(cString: MMDB_strerror(status)) }
}
