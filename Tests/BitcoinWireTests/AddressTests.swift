import Bytes
import Testing

@testable import BitcoinWire

@Suite struct EndpointTests {
  @Test(arguments: [
    "1.2.3.4:8333", "255.255.255.255:65535", "[::]:0", "[::1]:8333", "[2001:db8::1]:1", "[1:0:0:2::3]:1",
    "[1:2:3:4:5:6:7:8]:1", "[1:0:2:3:4:5:6:7]:1", "[fe80::]:1", "[fc00::1]:8333", Samples.onion, Samples.i2p,
    "6hzph5hv6337r6p2.onion:8333", "id9-:1", "id200-0aff:1",
  ])
  func printsWhatItParses(_ text: String) {
    #expect(Endpoint(text)?.description == text)
  }

  @Test(arguments: [
    ("[2001:DB8:0:0:0:0:0:1]:1", "[2001:db8::1]:1"), ("[0:0:1:0:0:0:0:1]:1", "[0:0:1::1]:1"),
    ("[1:0:0:2:0:0:3:4]:1", "[1::2:0:0:3:4]:1"), ("[::ffff:1.2.3.4]:1", "1.2.3.4:1"),
    ("[::1.2.3.4]:1", "[::102:304]:1"), ("[1:2:3:4:5:6:7::]:1", "[1:2:3:4:5:6:7:0]:1"),
  ])
  func printsTheCanonicalForm(_ text: String, canonical: String) {
    #expect(Endpoint(text)?.description == canonical)
  }

  @Test(arguments: [
    "", ":", "1.2.3.4", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1", "1.2.3.4:08333", "1.2.3:1", "1.2.3.256:1",
    "01.2.3.4:1", "::1:8333", "[::1]", "[::1:8333", "[1.2.3.4]:1", "[:::1]:1", "[1::2::3]:1", "[12345::]:1",
    "[1:2:3:4:5:6:7]:1", "[1:2:3:4:5:6:7:8:9]:1", "[1:2:3:4:5:6:7:8::]:1", "[1.2.3.4::]:1", "[+1::]:1",
    "[::g]:1", "seed.bitcoin.sipa.be:8333", ".onion:1", "aaaa.onion:1", "id300-00:1", "id4-00:1", "id9-0:1",
    // A checksum and a version that are not Tor's.
    "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscsad.onion:8333",
    "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscrye.onion:8333",
    "ukeu3k5oycgaauneqgtnvselmt4yemvoilkln7jpvamvfx7dnkd.b32.i2p:0",
    "ukeu3k5oycgaauneqgtnvselmt4yemvoilkln7jpvamvfx7dnkdr.b32.i2p:0",
  ])
  func refusesWhatIsNoEndpoint(_ text: String) {
    #expect(Endpoint(text) == nil)
  }

  @Test func takesADefaultPort() {
    #expect(Endpoint("::1", defaultPort: 8333)?.description == "[::1]:8333")
    #expect(Endpoint("[::1]", defaultPort: 8333)?.description == "[::1]:8333")
    #expect(Endpoint("1.2.3.4", defaultPort: 8333)?.description == "1.2.3.4:8333")
    #expect(Endpoint("1.2.3.4:1", defaultPort: 8333)?.description == "1.2.3.4:1")
    #expect(Endpoint("[::1]:1", defaultPort: 8333)?.description == "[::1]:1")
    #expect(Endpoint("example.org", defaultPort: 8333) == nil)
  }

  @Test(.enabled(if: Samples.data != nil))
  func printsCoresSeedsUnchanged() throws {
    let text = String(decoding: try Samples.file("seeds/nodes_main.txt"), as: UTF8.self)
    // Some lines end in a comment that names the autonomous system.
    let lines = text.split(separator: "\n").map { String($0.prefix { $0 != " " }) }
    #expect(lines.count == 2059)
    var networks: [NetworkID: Int] = [:]
    for line in lines {
      let endpoint = try #require(Endpoint(line), "\(line)")
      #expect(endpoint.description == line)
      networks[endpoint.address.network, default: 0] += 1
      var bytes: [UInt8] = []
      endpoint.address.append(to: &bytes)
      var reader = ByteReader(bytes.span.bytes)
      #expect(try NetworkAddress(from: &reader) == endpoint.address)
    }
    #expect(networks.count == 5)
  }
}

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

@Suite struct KeccakTests {
  /// FIPS 202 and NIST's examples; 135 to 137 bytes are around the size of a block.
  @Test(arguments: [
    (0, "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a"),
    (135, "8094bb53c44cfb1e67b7c30447f9a1c33696d2463ecc1d9c92538913392843c9"),
    (136, "3fc5559f14db8e453a0a3091edbd2bc25e11528d81c66fa570a4efdcc2695ee1"),
    (137, "f8d6846cedd2ccfadf15c5879ef95af724d799eed7391fb1c91f95344e738614"),
  ])
  func hashes(_ count: Int, hex: String) {
    #expect(Keccak.sha3_256([UInt8](repeating: 0x61, count: count)) == Samples.hex(hex))
  }
}
