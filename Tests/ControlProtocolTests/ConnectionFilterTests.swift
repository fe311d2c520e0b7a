import BitcoinWire
import Bytes
import Observations
import Testing

@testable import ControlProtocol

@Suite struct ConnectionFilterTests {
  static let core = connection("10.1.2.3:8333", "/Satoshi:29.0.0/", [.network, .witness])
  static let knots = connection("[2001:db8::7]:8333", "/Satoshi:28.1.0/Knots:20250305/", [.witness], .inbound)
  static let onion = connection(
    "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion:8333",
    "/btcwire:0.5.0/",
    [.network, .bloom]
  )
  static let fresh: ConnectionInfo = {
    var info = connection("10.1.2.4:8333", "", [])
    info.state = .connecting
    info.introduction.protocolVersion = 0
    return info
  }()

  static func connection(
    _ remote: String,
    _ agent: String,
    _ services: ServiceFlags,
    _ direction: Direction = .outbound
  ) -> ConnectionInfo {
    var info = ConnectionInfo(
      id: 1,
      direction: direction,
      state: .open,
      remote: Endpoint(remote)!,
      local: Endpoint("127.0.0.1:1")!,
      since: 0
    )
    info.introduction.protocolVersion = 70016
    info.introduction.userAgent = Array(agent.utf8)
    info.introduction.services = services
    return info
  }

  /// The connections of the four that meet a filter: c, k, o, f.
  static func met(_ change: (inout ConnectionFilter) -> Void) -> String {
    var filter = ConnectionFilter()
    change(&filter)
    return zip("ckof", [core, knots, onion, fresh]).filter { filter.matches($0.1) }.map { String($0.0) }
      .joined()
  }

  @Test func meetsEachConditionByItself() {
    #expect(Self.met { _ in } == "ckof")
    #expect(Self.met { $0.networks = [.ipv6, .torV3] } == "ko")
    #expect(Self.met { $0.networks = [] } == "")
    #expect(Self.met { $0.ranges = [AddressRange("10.1.2.0/24")!] } == "cf")
    #expect(Self.met { $0.ranges = [AddressRange("10.1.2.3")!, AddressRange("2001:db8::/32")!] } == "ck")
    #expect(Self.met { $0.userAgents = ["/satoshi:"] } == "ck")
    #expect(Self.met { $0.userAgents = ["knots", "btcwire"] } == "ko")
    // An unknown user agent contains no text, not even an empty one.
    #expect(Self.met { $0.userAgents = [""] } == "cko")
    #expect(Self.met { $0.services = [.network] } == "co")
    #expect(Self.met { $0.services = [.network, .witness] } == "c")
    #expect(Self.met { $0.lackingServices = [.bloom, .network] } == "k")
    #expect(Self.met { $0.direction = .inbound } == "k")
    #expect(Self.met { $0.states = [.connecting] } == "f")
  }

  @Test func meetsAllConditionsTogether() {
    #expect(
      Self.met {
        $0.userAgents = ["satoshi"]
        $0.direction = .outbound
      } == "c"
    )
  }

  @Test(arguments: [
    // Unknown bits; an unknown state.
    "02 0100", "02 0040 10",
    // 33 bits of an IPv4 address; leading bits of an onion address; 3 bytes of an IPv4 address.
    "02 0002 0001 01 0004 0a000000 21", "02 0002 0001 04 0020 \(String(repeating: "11", count: 32)) 08",
    "02 0002 0001 01 0003 0a0000 08",
    // More ranges than bytes.
    "02 0002 ffff 01 0004 0a000000 08",
    // An unknown direction.
    "02 0020 02",
  ])
  func refusesFiltersThatMeanNothing(_ text: String) {
    let payload = [0, 0, 0, 1] + Hexadecimal.bytes(text.filter { $0 != " " })!
    let (id, result) = ControlRequest.read(type: 0x15, payload: payload.span.bytes)
    #expect(id == 1)
    #expect { try result.get() } throws: { ($0 as? ControlFailure)?.status == .badRequest }
  }
}
