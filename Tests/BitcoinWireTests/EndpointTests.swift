import BitcoinWire
import Bytes
import Testing

@Suite struct EndpointTests {
  @Test(arguments: [
    "1.2.3.4:8333", "255.255.255.255:65535", "[::]:0", "[::1]:8333", "[2001:db8::1]:1", "[1:0:0:2::3]:1",
    "[1:2:3:4:5:6:7:8]:1", "[1:0:2:3:4:5:6:7]:1", "[fe80::]:1", "[fc00::1]:8333", Samples.onion, Samples.i2p,
    "6hzph5hv6337r6p2.onion:8333", "id9-:1", "id200-0aff:1",
    "id6-ffffffffffffffffffffffffffffffff:0",
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
    "id1-01020304:1", "id2-20010db8000000000000000000000001:1", "id6-fc000000000000000000000000000001:1",
    // A wrong checksum and a wrong version.
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
