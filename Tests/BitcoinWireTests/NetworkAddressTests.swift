import BitcoinWire
import Bytes
import Testing

@Suite struct NetworkAddressTests {
  /// Addresses of Bitcoin Core's `net_tests.cpp`.
  @Test(arguments: [
    (
      "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion", NetworkID.torV3,
      "79bcc625184b05194975c28b66b66b0469f7f6556fb1ac3189a79b40dda32f1f"
    ),
    (
      "ukeu3k5oycgaauneqgtnvselmt4yemvoilkln7jpvamvfx7dnkdq.b32.i2p", .i2p,
      "a2894dabaec08c0051a481a6dac88b64f98232ae42d4b6fd2fa81952dfe36a87"
    ),
    ("fc00:1:2:3:4:5:6:7", .cjdns, "fc000001000200030004000500060007"), ("1.2.3.4", .ipv4, "01020304"),
  ])
  func knowsItsBytes(_ text: String, network: NetworkID, hex: String) {
    let address = NetworkAddress(text)
    #expect(address?.network == network)
    #expect(address?.bytes == Samples.hex(hex))
    #expect(address == NetworkAddress(network: network, bytes: Samples.hex(hex)))
  }

  /// Encodings of Bitcoin Core's `net_tests.cpp`, `cnetaddr_unserialize_v2`, and of other lengths.
  @Test(arguments: ["01040102", "010501020304", "01fd010201020304", "021101", "0204", "041f", "0520", "060f"])
  func refusesWrongLengths(_ hex: String) {
    let bytes =
      Samples.hex(hex) + (hex.count == 4 ? [UInt8](repeating: 1, count: Int(Samples.hex(hex)[1])) : [])
    var reader = ByteReader(bytes.span.bytes)
    var refused = false
    do { _ = try NetworkAddress(from: &reader) } catch { refused = true }
    #expect(refused == (hex != "0520"))
  }

  @Test func keepsUnknownNetworks() throws {
    for (network, count) in [(UInt8(0), 0), (7, 512), (255, 4), (3, 10), (3, 9)] {
      var bytes = [network]
      bytes.appendCounted([UInt8](repeating: 0xab, count: count))
      var reader = ByteReader(bytes.span.bytes)
      let address = try NetworkAddress(from: &reader)
      #expect(address == .other(NetworkID(rawValue: network), [UInt8](repeating: 0xab, count: count)))
      var again: [UInt8] = []
      address.append(to: &again)
      #expect(again == bytes)
      #expect(NetworkAddress(address.description) == address)
    }
  }

  @Test(arguments: [
    ("00000000000000000000ffff01020304", "1.2.3.4"), ("00000000000000000000000000000001", "::1"),
    ("fd87d87eeb43f1f2f3f4f5f6f7f8f9fa", "6hzph5hv6337r6p2.onion"),
    ("fc000001000200030004000500060007", "fc00:1:2:3:4:5:6:7"),
  ])
  func readsAndWritesTheOldForm(_ hex: String, text: String) throws {
    let bytes = Samples.hex(hex)
    var reader = ByteReader(bytes.span.bytes)
    let address = try NetworkAddress(legacyFrom: &reader)
    #expect(address.description == text)
    #expect(address.hasLegacyForm)
    var again: [UInt8] = []
    address.appendLegacy(to: &again)
    #expect(again == bytes)
  }

  @Test func writesZerosForWhatTheOldFormCannotSay() {
    for text in [Samples.onion, Samples.i2p, "[fc00::1]:1"] {
      var bytes: [UInt8] = []
      let address = Endpoint(text)!.address
      address.appendLegacy(to: &bytes)
      #expect(!address.hasLegacyForm)
      #expect(bytes == [UInt8](repeating: 0, count: 16))
    }
  }

  @Test(arguments: [
    ("8.8.8.8", true), ("10.0.0.1", false), ("172.15.0.1", true), ("172.31.0.1", false),
    ("192.168.1.1", false),
    ("127.0.0.1", false), ("169.254.1.1", false), ("198.19.1.1", false), ("100.64.0.1", false),
    ("203.0.113.5", false), ("0.1.2.3", false), ("255.255.255.255", false), ("::", false), ("::1", false),
    ("2001:db8::1", false), ("2001:4860::1", true), ("fe80::1", false), ("fd00::1", false),
    ("2001:10::1", false),
    ("2001:20::1", false), ("2001:30::1", true), ("fc00::1", true), ("id9-00", false),
  ])
  func knowsWhatIsRoutable(_ text: String, routable: Bool) {
    #expect(NetworkAddress(text)?.isRoutable == routable)
  }

  @Test func knowsLoopback() {
    #expect(NetworkAddress("127.1.2.3")!.isLoopback)
    #expect(NetworkAddress("::1")!.isLoopback)
    #expect(!NetworkAddress("1.2.3.4")!.isLoopback)
  }
}
