import BitcoinWire
import Bytes
import Testing

@Suite struct NetworkAddressTests {
  /// Addresses from Bitcoin Core's `net_tests.cpp`.
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

  /// Encodings from `cnetaddr_unserialize_v2` in Bitcoin Core's `net_tests.cpp`, and others with other
  /// lengths.
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
    for (network, count) in [(UInt8(0), 0), (7, 512), (255, 4), (3, 11), (3, 9)] {
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
    ("fd6b88c08724ca978112ca1bbdcafac2", "fd6b:88c0:8724:ca97:8112:ca1b:bdca:fac2"),
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

  /// Addresses from `cnetaddr_unserialize_v2` in Bitcoin Core's `net_tests.cpp` that Core ignores, and CJDNS
  /// without its prefix.
  @Test(arguments: [
    ("021000000000000000000000ffff01020304", "::ffff:1.2.3.4"),
    ("0210fd87d87eeb430102030405060708090a", "fd87:d87e:eb43:102:304:506:708:90a"),
    ("0210fd6b88c08724ca978112ca1bbdcafac2", "fd6b:88c0:8724:ca97:8112:ca1b:bdca:fac2"),
    ("030af1f2f3f4f5f6f7f8f9fa", "6hzph5hv6337r6p2.onion"),
    ("0610aa000001000200030004000500060007", "id6-aa000001000200030004000500060007"),
    ("021000000000000000000000000000000000", "::"),
  ])
  func keepsWhatCoreIgnores(_ hex: String, text: String) throws {
    let bytes = Samples.hex(hex)
    var reader = ByteReader(bytes.span.bytes)
    let address = try NetworkAddress(from: &reader)
    #expect(reader.remaining == 0)
    #expect(address.description == text)
    #expect(!address.isValid)
    #expect(!address.isRoutable)
    let group = address.isInternal ? "internal/ca978112ca1bbdcafac2" : "unroutable"
    #expect(address.group.description == group)
    var again: [UInt8] = []
    address.append(to: &again)
    #expect(again == bytes)
  }

  @Test func readsTorVersion2() throws {
    let address = try #require(NetworkAddress("6hzph5hv6337r6p2.onion"))
    #expect(address == NetworkAddress(network: .torV2, bytes: Samples.hex("f1f2f3f4f5f6f7f8f9fa")))
    let name = try #require(TorV2Name(Samples.hex("f1f2f3f4f5f6f7f8f9fa")))
    #expect(address == .torV2(name))
    #expect(name.bytes == Samples.hex("f1f2f3f4f5f6f7f8f9fa"))
    #expect(TorV2Name(Array(name.bytes.dropLast())) == nil)
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

  /// Core's `IsValid`: an invalid address is not routable; an unroutable address may be valid.
  @Test(arguments: [
    ("8.8.8.8", true), ("127.0.0.1", true), ("10.0.0.1", true), ("0.0.0.0", false), ("0.0.0.1", true),
    ("255.255.255.255", false), ("::", false), ("::1", true), ("2001:db8::1", false), ("2001:db9::1", true),
    ("fe80::1", true), ("fd00::1", true), ("fd6b:88c0:8724::1", false), ("fd6b:88c0:8725::1", true),
    ("fc00::1", true), (String(Samples.onion.dropLast(5)), true), ("id7-00", false),
  ])
  func knowsWhatIsValid(_ text: String, valid: Bool) throws {
    let address = try #require(NetworkAddress(text))
    #expect(address.isValid == valid)
    #expect(!address.isRoutable || valid)
  }

  /// Groups and their bytes from `netbase_getgroup` in Bitcoin Core's `netbase_tests.cpp`, and others.
  @Test(arguments: [
    ("127.0.0.1", "00", "unroutable"), ("10.0.0.1", "00", "unroutable"), ("169.254.1.1", "00", "unroutable"),
    ("1.2.3.4", "010102", "1.2.0.0/16"), ("::ffff:0:102:304", "010102", "1.2.0.0/16"),
    ("64:ff9b::102:304", "010102", "1.2.0.0/16"),
    ("2002:102:304:9999:9999:9999:9999:9999", "010102", "1.2.0.0/16"),
    ("2001:0:9999:9999:9999:9999:fefd:fcfb", "010102", "1.2.0.0/16"),
    ("2001:470:abcd:9999:9999:9999:9999:9999", "0220010470af", "2001:470:a000::/36"),
    ("2001:2001:9999:9999:9999:9999:9999:9999", "0220012001", "2001:2001::/32"),
    ("fd6b:88c0:8724:1292:9400:eb46:7c4:ac07", "0612929400eb4607c4ac07", "internal/12929400eb4607c4ac07"),
    ("pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion", "037f", "onion/7"),
    ("ukeu3k5oycgaauneqgtnvselmt4yemvoilkln7jpvamvfx7dnkdq.b32.i2p", "04af", "i2p/a"),
    ("fc12:3456::1", "05fc1f", "fc10::/12"), ("6hzph5hv6337r6p2.onion", "00", "unroutable"),
    ("::1", "00", "unroutable"), ("id9-01", "00", "unroutable"),
  ])
  func isGroupedAsInCore(_ text: String, bytes: String, group: String) throws {
    let address = try #require(NetworkAddress(text))
    #expect(Hexadecimal.text(address.group.bytes) == bytes)
    #expect(address.group.description == group)
  }

  @Test func sharesAGroupWithItsNeighboursOnly() throws {
    let group = try #require(NetworkAddress("1.2.3.4")).group
    #expect(NetworkAddress("1.2.255.255")?.group == group)
    #expect(NetworkAddress("1.3.0.0")?.group != group)
    #expect(NetworkAddress("2001:470:a::")?.group != NetworkAddress("2001:470:f000::")?.group)
    #expect(NetworkAddress("2001:471:a::")?.group == NetworkAddress("2001:471:f000::")?.group)
  }

  @Test func knowsLoopback() {
    #expect(NetworkAddress("127.1.2.3")!.isLoopback)
    #expect(NetworkAddress("::1")!.isLoopback)
    #expect(!NetworkAddress("1.2.3.4")!.isLoopback)
  }
}
