import BitcoinWire
import Foundation
import TestSupport
import Testing

@testable import Enrichment

@Suite(.enabled(if: GeoData.folder != nil, "NETMINE_DATA is not set"))
struct GeoDatabaseTests {
  let folder = TemporaryFolder()

  @Test(arguments: [
    ("GeoLite2-City-Test", "GeoLite2-City", GeoDatabase.Kind.city, 242),
    ("GeoLite2-ASN-Test", "GeoLite2-ASN", .asn, 720),
  ])
  func knowsWhatItsSourceSays(_ name: String, _ type: String, _ kind: GeoDatabase.Kind, _ count: Int) throws {
    let database = try GeoDatabase(GeoData.path(name + ".mmdb"))
    #expect(database.type == type && database.kind == kind && database.built > 1_400_000_000)
    let truth = try GeoData.truth(name + ".json")
    #expect(truth.count == count)
    for truth in truth {
      #expect(try database.fields(of: truth.first) == truth.fields, "\(truth.network)")
      #expect(try database.fields(of: truth.last) == truth.fields, "\(truth.network)")
    }
  }

  @Test func knowsCountries() throws {
    let database = try GeoDatabase(GeoData.country)
    #expect(database.kind == .country)
    let truth = try GeoData.truth("GeoLite2-City-Test.json").filter { $0.fields.country != nil }
    var known = 0
    for truth in truth {
      let fields = try database.fields(of: truth.first)
      var country = GeoFields()
      country.country = fields.country
      #expect(fields == country)
      if fields.country == truth.fields.country { known += 1 }
    }
    // Source and database are not of exactly the same date, so allow some differences.
    #expect(known > truth.count * 9 / 10)
  }

  @Test func knowsNothingOfOthers() throws {
    let database = try GeoDatabase(GeoData.city)
    for text in ["127.0.0.1", "192.0.2.1", "::1", "fc00::1", "2001:db8::1"] {
      #expect(try database.fields(of: NetworkAddress(text)!) == GeoFields(), "\(text)")
    }
    let key = Bytes32([UInt8](repeating: 2, count: 32))!
    for address in [
      NetworkAddress.torV3(key), .i2p(key), .cjdns(0xfc << 120), .other(NetworkID(rawValue: 9), [1]),
    ] {
      #expect(try database.fields(of: address) == GeoFields())
    }
  }

  @Test func mappedAddressesAreIPv4() throws {
    let database = try GeoDatabase(GeoData.city)
    #expect(try database.fields(of: .ipv6(0xffff_027d_a0d8)).city == "Boxford")
  }

  @Test func aDatabaseOfIPv4KnowsNothingOfIPv6() throws {
    var bytes = try Data(contentsOf: URL(filePath: GeoData.city))
    // The metadata's `ip_version`, a uint16 in one byte.
    let version = try #require(bytes.range(of: Data("ip_version".utf8) + [0xa1, 6]))
    bytes[version.upperBound - 1] = 4
    let database = try GeoDatabase(folder.write(Array(bytes), to: "four.mmdb"))
    let truth = try GeoData.truth("GeoLite2-City-Test.json").filter { $0.first.network == .ipv6 }
    #expect(!truth.isEmpty)
    for truth in truth { #expect(try database.fields(of: truth.first) == GeoFields()) }
  }

  @Test func saysWhyItCannotBeOpened() throws {
    func reason(_ path: String) -> String {
      do {
        _ = try GeoDatabase(path)
        return "opened"
      } catch {
        #expect(error.path == path)
        return error.reason
      }
    }
    #expect(reason(folder.path + "none.mmdb") == "No such file or directory")
    #expect(reason(GeoData.damaged).contains("metadata"))
    #expect(reason(try folder.write("text.mmdb", "no database")).contains("metadata"))
    let whole = try Data(contentsOf: URL(filePath: GeoData.city))
    let type = try #require(whole.range(of: Data("GeoLite2-City".utf8)))
    var other = whole
    other.replaceSubrange(type, with: Data("GeoLite2-Cats".utf8))
    #expect(
      reason(folder.write(Array(other), to: "cats.mmdb"))
        == "Its type is GeoLite2-Cats: it has neither locations nor autonomous systems"
    )
    // The beginning is missing, as after a download that was resumed at the wrong place.
    #expect(reason(folder.write(Array(whole.dropFirst(1000)), to: "short.mmdb")).contains("damaged"))
    for path in [folder.write([], to: "empty.mmdb"), folder.path] {
      #expect(reason(path) != "opened" && !reason(path).isEmpty)
    }
  }

  @Test func survivesAnyDamage() throws {
    let whole = try Array(Data(contentsOf: URL(filePath: GeoData.city)))
    let truth = try GeoData.truth("GeoLite2-City-Test.json")
    var random = SystemRandomNumberGenerator()
    var complaints = 0
    for number in 0..<200 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...40, using: &random) {
        bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0 ... .max, using: &random)
      }
      do throws(GeoDatabaseError) {
        let database = try GeoDatabase(folder.write(bytes, to: "\(number).mmdb"))
        for truth in truth {
          do throws(GeoDatabaseError) { _ = try database.fields(of: truth.first) } catch { complaints += 1 }
        }
      } catch {
        complaints += 1
      }
    }
    #expect(complaints > 0)
  }
}
