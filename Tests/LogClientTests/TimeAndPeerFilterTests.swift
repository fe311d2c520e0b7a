import BitcoinWire
import Bytes
import LogConsumer
import LogOptions
import LogProtocol
import LogText
import Observations
import Testing

@Suite struct TimeAndPeerFilterTests {
  static let second: UInt64 = 1_000_000_000

  @Test(
    arguments: [
      ("2026-01-31", 1_769_817_600), ("2026-01-31T23:59", 1_769_903_940),
      ("2026-01-31T23:59:59Z", 1_769_903_999),
      ("2026-01-31 23:59:59+01:00", 1_769_900_399), ("2024-02-29T00:00:00-00:30", 1_709_166_600),
      ("@1700000000", 1_700_000_000), ("-10m", 999_400), ("-90s", 999_910), ("-1.5h", 994_600),
      ("-1d", 913_600),
      ("now", 1_000_000), ("-2w", 0),
    ] as [(String, UInt64)]
  )
  func readsTimes(_ text: String, _ seconds: UInt64) {
    #expect(TimeBound(text, now: 1_000_000 * Self.second)?.time == seconds * Self.second)
  }

  @Test func readsFractions() {
    #expect(TimeBound("1970-01-01T00:00:01.5Z", now: 0)?.time == 1_500_000_000)
    #expect(TimeBound("@1.000000007", now: 0)?.time == 1_000_000_007)
  }

  @Test(
    arguments: [
      "", "-", "-10", "10m", "-10y", "@", "@-1", "2026", "2026-13-01", "2026-02-30", "2026-01-31T24:00",
      "2026-01-31T23", "2026-01-31T23:59:60Z", "2026-01-31T23:59+1", "2026-01-31T23:5:00", "1969-12-31",
      "-9999999999w",
      "@99999999999999", "2026-01-31T23:59:5", "１970-01-01",
    ]
  )
  func refusesWhatIsNoTime(_ text: String) { #expect(TimeBound(text, now: 1) == nil) }

  @Test func knowsWhichAddressesARangeHas() throws {
    func has(_ range: String, _ address: String) throws -> Bool {
      try #require(AddressRange(range)).contains(#require(NetworkAddress(address)))
    }
    #expect(try has("10.0.0.0/8", "10.255.1.2"))
    #expect(try !has("10.0.0.0/8", "11.0.0.0"))
    #expect(try has("0.0.0.0/0", "1.2.3.4"))
    #expect(try !has("0.0.0.0/0", "2001:db8::1"))
    #expect(try has("10.1.2.3", "10.1.2.3"))
    #expect(try !has("10.1.2.3", "10.1.2.4"))
    #expect(try has("2001:db8::/33", "2001:db8:7fff::1"))
    #expect(try !has("2001:db8::/33", "2001:db8:8000::1"))
    #expect(try has("fc00::/8", "fc12::1"))
    let onion = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion"
    #expect(try has(onion, onion))
    for text in ["", "/8", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/x", "host", onion + "/1"] {
      #expect(AddressRange(text) == nil)
    }
  }

  static let event = ConnectionEvent(.connected, .outbound, remote: peer, local: us)

  func shown(_ arguments: String...) throws -> [Int] {
    var selector = RecordSelection(try RecordFilterOptions.parse(arguments).filter)
    let other = ConnectionEvent(.connectFailed, .outbound, remote: Endpoint("10.9.9.9:1")!, local: us)
    let records = [
      Records.joined(), Records.event(.connected, 10), Records.message("version", [], 20),
      Records.event(.handshaken, 30, userAgent: Array("/Satoshi:27.0.0/".utf8)),
      Records.message("inv", [0], 40), Records.message("inv", [0], 50, connection: 9),
      Records.record(.connection, 60, other.body, connection: 3), Records.event(.closedByPeer, 70),
      Records.message("inv", [0], 80), Records.text(90),
    ]
    return records.indices.filter { index in
      records[index].withUnsafeBytes {
        selector.shows(
          StreamRecord(RecordHeader(checked: $0), UnsafeRawBufferPointer(rebasing: $0.dropFirst(32)))
        )
      }
    }
  }

  @Test func choosesByTimePeerAndAgent() throws {
    #expect(try shown("--since", "@0.00000004") == [4, 5, 6, 7, 8, 9])
    #expect(try shown("--until", "@0.00000004") == [0, 1, 2, 3])
    #expect(try shown("--peer", "127.1.0.0/16") == [1, 2, 3, 4, 7])
    #expect(try shown("--peer", "10.9.9.9", "--peer", "9.9.9.9") == [6])
    #expect(try shown("--agent", "satoshi:27") == [3, 4, 7])
    #expect(try shown("--agent", "satoshi", "--command", "inv") == [4])
    #expect(try shown("--agent", "btcd") == [])
    #expect(try shown("--since", "-10m") == [])
    #expect(throws: (any Error).self) { try shown("--since", "@5", "--until", "@5") }
    #expect(throws: (any Error).self) { try shown("--peer", "somewhere") }
  }

  @Test func asksTheLogServerForWhatTellsPeers() throws {
    let filter = try RecordFilterOptions.parse(["--peer", "10.0.0.0/8", "--command", "inv"]).filter
    #expect(filter.request.types == [.message, .connection])
    #expect(filter.subscription.types == .message)
  }
}
