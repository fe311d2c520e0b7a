import BitcoinWire
import Foundation
import Testing

@testable import SimnetCore

@Suite struct SnapshotTests {
  static let row = """
    ["1.2.3.4", 8333, 70016, "/Satoshi:23.0.0/", 1663053985, 1033, 754002, "a.example", "Kyiv", "UA", 50.45, 30.5, \
    "Europe/Kyiv", "AS1", "One"]
    """

  static func read(_ text: String) throws -> Population {
    let file = FileManager.default.temporaryDirectory.appending(path: "snapshot-" + UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: file) }
    try text.write(to: file, atomically: true, encoding: .utf8)
    do {
      return try Population.snapshot(path: file.path)
    } catch let error as SnapshotError {
      // Without the path, which differs in each run.
      throw SnapshotError(path: "file", row: error.row, field: error.field, problem: error.problem)
    }
  }

  @Test func readsRows() throws {
    let onion = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion"
    let second = Self.row.replacing("1.2.3.4", with: onion).replacing("\"UA\"", with: "null")
    let third = Self.row.replacing("1.2.3.4", with: "fc12::1").replacing("754002", with: "754000")
    let rows = try Self.read("[\(Self.row), \(second), \(third)]").rows
    #expect(rows.map(\.network) == [.ipv4, .torV3, .cjdns])
    #expect(rows[0].address == NetworkAddress("1.2.3.4") && rows[1].address == NetworkAddress(onion))
    #expect(rows[0].port == 8333 && rows[0].version == 70016 && rows[0].services.rawValue == 1033)
    #expect(rows[0].userAgent == "/Satoshi:23.0.0/")
    #expect(rows.map(\.country) == ["UA", nil, "UA"])
    #expect(rows.map(\.lag) == [0, 0, 2])
  }

  @Test func readsTheFormOfTheAPI() throws {
    let fields = Self.row.replacing("[\"1.2.3.4\", 8333, ", with: "[")
    let text = "{\"timestamp\": 1, \"nodes\": {\"[2001:4860::1]:8334\": \(fields), \"9.8.7.6:1\": \(fields)}}"
    let rows = try Self.read(text).rows
    #expect(rows.map(\.network) == [.ipv4, .ipv6])
    #expect(rows.map(\.port) == [1, 8334])
  }

  @Test(
    arguments: [
      ("", "file: it is not JSON: a value is missing at byte 0"),
      ("7", "file: it is neither a list nor an object"),
      ("[]", "file: it has no rows"),
      ("{\"node\": {}}", "file: it has no object \"nodes\""),
      ("{\"nodes\": {\"nowhere\": []}}", "file: nowhere is not an address and port"),
      ("[7]", "file: row 1 is not a list"),
      ("[[1]]", "file, row 1: it has 1 fields, not 15"),
    ]
  )
  func refusesWhatIsNoSnapshot(text: String, problem: String) {
    #expect { try Self.read(text) } throws: { "\($0)" == problem }
  }

  @Test(
    arguments: [
      ("\"1.2.3.4\"", "\"1.2.3\"", "address, \"1.2.3\" is not an address"),
      ("\"1.2.3.4\"", "null", "address, it is not text"),
      ("8333", "0", "port, it is 0"),
      ("8333", "65536", "port, it is not a whole number from 0 to 65535"),
      ("8333", "1.5", "port, it is not a whole number from 0 to 65535"),
      ("70016", "\"70016\"", "protocol version, it is not a whole number from 0 to 2147483647"),
      ("70016", "-1", "protocol version, it is not a whole number from 0 to 2147483647"),
      ("/Satoshi:23.0.0/", String(repeating: "x", count: 257), "user agent, it has more than 256 bytes"),
      ("1663053985", "null", "connected since, it is not a whole number from 0 to 18446744073709551615"),
      ("1033", "18446744073709551616", "services, it is not a whole number from 0 to 18446744073709551615"),
      ("754002", "2147483648", "height, it is not a whole number from 0 to 2147483647"),
      ("\"a.example\"", "1", "host name, it is not text"),
      ("\"UA\"", "\"Ukraine\"", "country, \"Ukraine\" is not two capital letters"),
      ("50.45", "90.1", "latitude, it is not a number from -90 to 90"),
      ("30.5", "\"30\"", "longitude, it is not a number from -180 to 180"),
      ("\"One\"", "[]", "organisation, it is not text"),
    ]
  )
  func refusesFieldsOfTheWrongKind(good: String, bad: String, problem: String) {
    let text = "[\(Self.row), \(Self.row.replacing(good, with: bad))]"
    #expect { try Self.read(text) } throws: {
      "\($0)" == "file, row 2, " + problem.replacing(", ", with: ": ", maxReplacements: 1)
    }
  }

  @Test(.enabled(if: ProcessInfo.processInfo.environment["NETMINE_DATA"] != nil))
  func readsARealSnapshot() throws {
    let folder = try #require(ProcessInfo.processInfo.environment["NETMINE_DATA"])
    let population = try Population.snapshot(path: folder + "/captures/bitnodes-snapshot-1663113591.json")
    #expect(population.rows.count == 14_410)
    #expect(population.rows.count { $0.network == .torV3 } == 7425)
    #expect(population.rows.count { $0.country == "US" } == 1878)
    #expect(population.rows.count { $0.lag == 0 } == 14_064)
  }
}
