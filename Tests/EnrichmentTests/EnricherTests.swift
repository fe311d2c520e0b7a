import BitcoinWire
import Foundation
import TestSupport
import Testing

@testable import Enrichment

@Suite(.enabled(if: GeoData.folder != nil, "NETMINE_DATA is not set"))
struct EnricherTests {
  /// Collects the reported errors.
  final class Reports {
    var errors: [GeoDatabaseError] = []
  }

  let folder = TemporaryFolder()
  let reports = Reports()
  let boxford = Endpoint("2.125.160.216:8333")!
  let telstra = Endpoint("1.128.0.0:8333")!
  let minute: UInt64 = 60_000_000_000

  func enricher(_ paths: String...) -> Enricher {
    Enricher(paths) { [reports] in reports.errors.append($0) }
  }

  /// Puts a database at a path by renaming, as `geoipupdate` does.
  func place(_ source: String, at path: String) throws {
    let files = FileManager.default
    try files.copyItem(atPath: source, toPath: path + ".new")
    #expect(rename(path + ".new", path) == 0)
  }

  @Test(arguments: [[0, 1, 2], [2, 1, 0], [1, 2, 0]]) func joinsDatabasesInAnyOrder(_ order: [Int]) throws {
    let paths = [GeoData.city, GeoData.country, GeoData.asn]
    let enricher = Enricher(order.map { paths[$0] }) { [reports] in reports.errors.append($0) }
    let place = try #require(enricher.enrichment(of: boxford, at: 5))
    #expect(place.endpoint == boxford && place.time == 5)
    #expect(place.country == "GB" && place.city == "Boxford" && place.timeZone == "Europe/London")
    #expect(place.latitude == 51.75 && place.longitude == -1.25)
    let network = try #require(enricher.enrichment(of: telstra, at: 5))
    #expect(network.asn == 1221 && network.organization == "Telstra Pty Ltd")
    #expect(network.hostname == nil && network.species == nil)
    // Both databases know this address.
    let both = try #require(enricher.enrichment(of: Endpoint("89.160.20.112:8333")!, at: 5))
    #expect(both.country == "SE" && both.organization == "Bredband2 AB")
    #expect(reports.errors.isEmpty && enricher.hasSources)
  }

  @Test func overlayAddressesAreNowhere() throws {
    let enricher = enricher(GeoData.city, GeoData.asn)
    let key = Bytes32([UInt8](repeating: 3, count: 32))!
    for address in [NetworkAddress.torV3(key), .i2p(key), .cjdns(0xfc << 120), .ipv4(0x7f00_0001)] {
      #expect(enricher.enrichment(of: Endpoint(address, port: 8333), at: 1) == nil)
    }
  }

  @Test func whatCannotBeUsedIsToldOnceAndTheRestGoesOn() throws {
    let missing = folder.path + "missing.mmdb"
    let enricher = enricher(missing, GeoData.damaged, GeoData.asn)
    for number in 0..<5 {
      #expect(enricher.enrichment(of: telstra, at: UInt64(number) * 2 * minute)?.asn == 1221)
    }
    #expect(reports.errors.map(\.path) == [missing, GeoData.damaged])
    // When the file appears, it is found within a minute.
    try place(GeoData.city, at: missing)
    #expect(enricher.enrichment(of: boxford, at: 8 * minute + minute / 2) == nil)
    #expect(enricher.enrichment(of: boxford, at: 9 * minute)?.city == "Boxford")
    #expect(reports.errors.count == 2)
  }

  @Test func aReplacedDatabaseIsOpenedAgain() throws {
    let path = folder.path + "geo.mmdb"
    try place(GeoData.country, at: path)
    let enricher = enricher(path)
    #expect(enricher.enrichment(of: boxford, at: 0)?.country == "GB")
    #expect(enricher.enrichment(of: boxford, at: 0)?.city == nil)
    try place(GeoData.city, at: path)
    #expect(enricher.enrichment(of: boxford, at: minute - 1)?.city == nil)
    #expect(enricher.enrichment(of: boxford, at: minute)?.city == "Boxford")
    // Neither a damaged file nor a missing one replaces a good database.
    try place(GeoData.damaged, at: path)
    #expect(enricher.enrichment(of: boxford, at: 2 * minute)?.city == "Boxford")
    #expect(unlink(path) == 0)
    #expect(enricher.enrichment(of: boxford, at: 3 * minute)?.city == "Boxford")
    #expect(reports.errors.map(\.path) == [path, path])
    try place(GeoData.asn, at: path)
    #expect(enricher.enrichment(of: boxford, at: 4 * minute) == nil)
    #expect(enricher.enrichment(of: telstra, at: 4 * minute)?.asn == 1221)
  }

  @Test func aDatabaseThatTurnsOutDamagedIsNotBelieved() throws {
    // Every record of the tree points far beyond the data.
    var bytes = try Array(Data(contentsOf: URL(filePath: GeoData.asn)))
    let separator = try #require(
      bytes.indices.first { bytes[$0..<min($0 + 16, bytes.count)].allSatisfy { $0 == 0 } }
    )
    for place in 0..<separator { bytes[place] = 0xee }
    let path = folder.write(bytes, to: "asn.mmdb")
    let enricher = enricher(path, GeoData.city)
    for _ in 0..<3 { #expect(enricher.enrichment(of: boxford, at: 0)?.city == "Boxford") }
    #expect(reports.errors.map(\.path) == [path])
    #expect(reports.errors.first?.reason.hasPrefix("It is damaged: ") == true)
    try place(GeoData.asn, at: path)
    #expect(enricher.enrichment(of: telstra, at: minute)?.asn == 1221)
  }

  @Test func withoutDatabasesNothingIsKnown() {
    let enricher = enricher()
    #expect(!enricher.hasSources && enricher.enrichment(of: boxford, at: 0) == nil && reports.errors.isEmpty)
  }
}
