import BitcoinWire
import Testing

@testable import SimnetCore

@Suite struct SimnetOptionsTests {
  @Test func hasTheDefaultsOfTheSettings() throws {
    let settings = try SimnetOptions.parse([]).settings
    #expect(settings.nodeCount == 200)
    #expect(settings.port == Network.simnet.defaultPort)
    #expect(settings.transactionRate == 2 && settings.blockInterval == 10)
    #expect(settings.dial == nil)
  }

  @Test func takesWhatIsAskedFor() throws {
    let options = try SimnetOptions.parse([
      "--nodes", "5", "--base", "127.20.0.1", "--port", "0", "--seed", "9", "--dial", "127.0.0.1:8333",
      "--dial-count", "3", "--dead", "6", "--spam", "7",
    ])
    let settings = options.settings
    #expect(settings.nodeCount == 5 && settings.seed == 9)
    #expect(settings.endpoint(of: 4).description == "127.20.0.5:0")
    #expect(settings.deadCount == 6)
    #expect(settings.spam?.addresses == 0x7f14_000c..<0x7f14_0013)
    #expect(settings.dial?.target == Endpoint("127.0.0.1:8333") && settings.dial?.count == 3)
  }

  @Test func takesWhatMakesItHard() throws {
    let settings = try SimnetOptions.parse([
      "--unpleasant", "mute=0.25", "--unpleasant-rate", "7", "--truth-headers", "--pace", "90000",
      "--pace-size", "97",
      "--pace-count", "5", "--socks", "0", "--sam", "7656", "--part", "2/3", "--link", "l",
    ]).settings
    #expect(settings.neighbours.shares == [.mute: 0.25] && settings.neighbourRate == 7)
    #expect(!settings.keepsPayloads)
    #expect(
      settings.pace?.rate == .perSecond(90_000) && settings.pace?.size == 97 && settings.pace?.count == 5
    )
    #expect(settings.proxyPorts.socks == 0 && settings.proxyPorts.sam == 7656)
    #expect(settings.outside.isEmpty)
    #expect(settings.part == NetworkPart("2/3") && settings.linkPath == "l")
    #expect(try SimnetOptions.parse(["--flood"]).settings.pace == PaceSettings(.flood))
    #expect(try SimnetOptions.parse([]).settings.pace == nil)
  }

  @Test(arguments: [
    ["--unpleasant", "rude=0.1"], ["--unpleasant", "2"], ["--pace", "0"], ["--pace", "5", "--flood"],
    ["--pace-size", "60"], ["--pace-count", "0"], ["--part", "3/2", "--link", "l"], ["--part", "1/2"],
    ["--part", "1/9", "--link", "l", "--nodes", "8"], ["--socks", "70000"],
  ])
  func refusesWhatIsNotHard(arguments: [String]) {
    #expect(throws: (any Error).self) { try SimnetOptions.parse(arguments) }
  }

  @Test func leadsOutsideOfTheNetworkOnThisMachineOnly() throws {
    let settings = try SimnetOptions.parse([
      "--socks", "0", "--outside", "11.2.3.4:8333=127.4.5.6:18444", "--outside", "[2a00::5]:1=[::1]:2",
    ]).settings
    let names = [Endpoint("11.2.3.4:8333")!, Endpoint("[2a00::5]:1")!]
    #expect(names.map { settings.outside[$0]?.endpoint.description } == ["127.4.5.6:18444", "[::1]:2"])
    #expect(settings.outside.count == 2)
    #expect(settings.outside[names[1]]?.address == .ipv6(high: 0, low: 1, port: 2))
    for elsewhere in [
      "11.2.3.4:8333", "0.0.0.0:8333", "10.0.0.1:8333", "192.168.1.1:8333", "[::]:8333", "[fe80::1]:8333",
      "[2a00::5]:8333", "[::ffff:8.8.8.8]:8333", "localhost:8333", "example.org:8333", "127.0.0.1",
      "127.0.0.1:0", "",
    ] {
      let arguments = ["--socks", "0", "--outside", "11.2.3.4:8333=\(elsewhere)"]
      #expect(throws: (any Error).self, "\(elsewhere)") { try SimnetOptions.parse(arguments) }
      if let endpoint = Endpoint(elsewhere) { #expect(OutsideListener(endpoint) == nil) }
    }
    for arguments in [
      ["--outside", "11.2.3.4:8333=127.0.0.1:5"], ["--socks", "0", "--outside", "11.2.3.4=127.0.0.1:5"],
      ["--socks", "0", "--outside", "127.0.0.1:5"],
    ] {
      #expect(throws: (any Error).self) { try SimnetOptions.parse(arguments) }
    }
  }

  @Test(arguments: [
    ["--nodes", "0"], ["--nodes", "100001"], ["--base", "10.0.0.1"], ["--base", "127.255.255.250"],
    ["--tx-rate", "-1"], ["--block-interval", "nan"], ["--dial", "8.8.8.8:8333"], ["--dial", "127.0.0.1"],
    ["--dial-count", "-1"], ["--slots", "-1"], ["--full-share", "101"], ["--churn", "-1"],
    ["--gossip", "none"], ["--dead", "-1"], ["--spam", "8", "--gossip", "real"],
    ["--base", "127.255.255.0", "--dead", "60"],
  ])
  func refusesWhatMakesNoNetwork(arguments: [String]) {
    #expect(throws: (any Error).self) { try SimnetOptions.parse(arguments) }
  }
}
