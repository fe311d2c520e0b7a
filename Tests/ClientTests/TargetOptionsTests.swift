import BitcoinWire
import ControlProtocol
import Testing

@testable import Steering

@Suite struct TargetOptionsTests {
  func target(_ arguments: String...) throws -> ControlTarget { try TargetOptions.parse(arguments).target() }

  @Test func chooses() throws {
    #expect(try target() == .all)
    #expect(try target("--all") == .all)
    #expect(try target("--to", "5,6", "--to", "9") == .connections([5, 6, 9]))
    var filter = ConnectionFilter()
    filter.networks = [.ipv4, .torV3]
    filter.ranges = [AddressRange("10.0.0.0/8")!]
    filter.userAgents = ["satoshi:29"]
    filter.services = [.network, .witness]
    filter.lackingServices = .bloom
    filter.direction = .outbound
    filter.sample = 3
    #expect(
      try target(
        "--net",
        "ipv4",
        "--net",
        "onion",
        "--in",
        "10.0.0.0/8",
        "--agent",
        "Satoshi:29",
        "--offering",
        "network,WITNESS",
        "--lacking",
        "4",
        "--outbound",
        "--random",
        "3"
      ) == .filter(filter)
    )
  }

  @Test func asksForADirectionWhereNoneIsSaid() throws {
    var filter = ConnectionFilter()
    filter.direction = .outbound
    #expect(try TargetOptions.parse([]).target(direction: .outbound) == .filter(filter))
    filter.direction = .inbound
    #expect(try TargetOptions.parse(["--inbound"]).target(direction: .outbound) == .filter(filter))
    #expect(try TargetOptions.parse(["--to", "1"]).target(direction: .outbound) == .connections([1]))
  }

  @Test(arguments: [
    ["--inbound", "--outbound"], ["--to", "1", "--all"], ["--to", "1", "--inbound"],
    ["--all", "--random", "2"],
    ["--random", "0"], ["--to", "x"], ["--to", "0"], ["--net", "tor"], ["--in", "10.0.0.0/33"],
    ["--offering", "NETWERK"],
  ])
  func refuses(_ arguments: [String]) {
    #expect(throws: (any Error).self) { try TargetOptions.parse(arguments) }
  }

  @Test func saysHowToConnect() throws {
    let options = try ConnectOptions.parse([
      "--proxy", "127.0.0.1:9050", "--from", "127.0.0.2", "--services", "NETWORK", "--user-agent", "/x/",
      "--no-relay",
    ])
    var target = ConnectTarget(Endpoint("1.2.3.4:5")!, local: Endpoint("127.0.0.2:0")!)
    target.proxy = Endpoint("127.0.0.1:9050")
    target.services = .network
    target.userAgent = Array("/x/".utf8)
    target.relay = false
    #expect(options.target(Endpoint("1.2.3.4:5")!) == target)
    #expect(
      try ConnectOptions.parse([]).target(Endpoint("1.2.3.4:5")!) == ConnectTarget(Endpoint("1.2.3.4:5")!)
    )
    #expect(throws: (any Error).self) {
      try ConnectOptions.parse(["--user-agent", String(repeating: "x", count: 257)])
    }
  }
}
