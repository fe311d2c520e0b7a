import BitcoinWire
import Foundation

@testable import Enrichment

/// MaxMind's test databases, in the folder `geo` of `NETMINE_DATA`.
enum GeoData {
  /// The folder; nil if `NETMINE_DATA` is not set.
  static let folder: String? = ProcessInfo.processInfo.environment["NETMINE_DATA"].map { $0 + "/geo/" }

  static func path(_ name: String) -> String { (folder ?? "") + name }

  static let city = path("GeoLite2-City-Test.mmdb")
  static let country = path("GeoLite2-Country-Test.mmdb")
  static let asn = path("GeoLite2-ASN-Test.mmdb")
  static let damaged = path("GeoIP2-City-Test-Invalid-Node-Count.mmdb")

  /// A network and its data, from the source of a test database.
  struct Truth: Sendable {
    let network: String
    let first: NetworkAddress
    let last: NetworkAddress
    let fields: GeoFields
  }

  /// The content of a test database's source, such as `GeoLite2-City-Test.json`.
  static func truth(_ name: String) throws -> [Truth] {
    let data = try Data(contentsOf: URL(filePath: path(name)))
    let list = try JSONSerialization.jsonObject(with: data) as? [[String: [String: Any]]] ?? []
    return list.flatMap { $0 }.map { network, record in
      let parts = network.split(separator: "/")
      let (first, last) = range(NetworkAddress(String(parts[0]))!, Int(parts[1])!)
      return Truth(network: network, first: first, last: last, fields: fields(record))
    }
  }

  private static func range(_ address: NetworkAddress, _ bits: Int) -> (NetworkAddress, NetworkAddress) {
    switch address {
    case .ipv4(let number): (address, .ipv4(number | (bits == 0 ? .max : UInt32.max >> UInt32(bits))))
    case .ipv6(let number): (address, .ipv6(number | UInt128.max >> UInt128(bits)))
    default: (address, address)
    }
  }

  private static func fields(_ record: [String: Any]) -> GeoFields {
    let location = record["location"] as? [String: Any]
    let names = (record["city"] as? [String: Any])?["names"] as? [String: String]
    var fields = GeoFields()
    fields.country = (record["country"] as? [String: Any])?["iso_code"] as? String
    fields.city = names?["en"]
    fields.latitude = location?["latitude"] as? Double
    fields.longitude = location?["longitude"] as? Double
    fields.timeZone = location?["time_zone"] as? String
    fields.asn = (record["autonomous_system_number"] as? Int).map { UInt32($0) }
    fields.organization = record["autonomous_system_organization"] as? String
    return fields
  }
}
