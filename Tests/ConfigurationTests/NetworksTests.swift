import Configuration
import Testing

@Suite struct NetworksTests {
  /// The problems of a text, in order.
  func problems(_ text: String) throws -> [ConfigurationError.Problem] {
    let error = try #require(throws: ConfigurationError.self) {
      try Configuration(text: text, file: "netmine.cfg")
    }
    return error.problems
  }

  @Test func describesANetwork() throws {
    let configuration = try Configuration(
      text: """
        networks = (
          { name = "mysignet"; signet_challenge = "51"; port = 38333; },
          {
            name = "my.coin-2"; magic = "FABFB5DA"; port = 1; dns_seeds = ( "seed.example.org", "b.example" );
            protocol_version = 70003; genesis = "\(String(repeating: "0a", count: 32))"; dialect = "namecoin";
          }
        );
        connector: { network = "my.coin-2"; };
        """,
      file: "netmine.cfg"
    )
    let network = try #require(configuration.describedNetwork)
    #expect(network.name == "my.coin-2")
    #expect(network.identity == .magic([0xfa, 0xbf, 0xb5, 0xda]))
    #expect(network.port == 1)
    #expect(network.dnsSeeds == ["seed.example.org", "b.example"])
    #expect(network.protocolVersion == 70003)
    #expect(network.genesis == String(repeating: "0a", count: 32))
    #expect(network.dialect == .namecoin)
    let signet = configuration.networks[0]
    #expect(signet.identity == .signetChallenge([0x51]))
    #expect(signet.protocolVersion == 70016)
    #expect(signet.dialect == .bitcoin)
    #expect(signet.genesis == nil)
    #expect(configuration != Configuration())
  }

  @Test func needsNoDescriptionOfKnownNetworks() throws {
    for name in Configuration.knownNetworks {
      let configuration = try Configuration(text: "connector: { network = \"\(name)\"; };", file: nil)
      #expect(configuration.connector.network == name)
      #expect(configuration.describedNetwork == nil)
    }
  }

  @Test(arguments: [
    ("port = 1;\nmagic = \"00\";", 2, "magic: the text \"00\" is given, not 4 bytes in hexadecimal"),
    ("port = 1;\nmagic = \"0g0a0b0c\";", 2, "magic: the text \"0g0a0b0c\" is given"),
    ("port = 1;\nmagic = 5;", 2, "magic: the number 5 is given"),
    (
      "magic = \"01020304\";\nport = 0;", 2,
      "port: the number 0 is given, not a whole number from 1 to 65535"
    ),
    ("magic = \"01020304\";\nport = 65536;", 2, "port: the number 65536 is given"),
    ("magic = \"01020304\";", 1, "port is missing"),
    ("port = 1;", 1, "neither magic nor signet_challenge is given"),
    (
      "magic = \"01020304\"; signet_challenge = \"51\"; port = 1;", 1,
      "magic and signet_challenge are given"
    ),
    ("signet_challenge = \"\"; port = 1;", 1, "signet_challenge: the text \"\" is given"),
    ("magic = \"01020304\"; port = 1;\ngenesis = \"00\";", 2, "genesis: the text \"00\" is given"),
    ("magic = \"01020304\"; port = 1;\ndialect = \"dsh\";", 2, "dialect: did you mean \"dash\"?"),
    ("magic = \"01020304\"; port = 1;\nprotocol_version = -1;", 2, "protocol_version: the number -1"),
    ("magic = \"01020304\"; port = 1;\ndns_seeds = \"a.b\";", 2, "dns_seeds: the text \"a.b\" is given"),
    ("magic = \"01020304\"; port = 1;\nmajic = \"00\";", 2, "a network has no majic, did you mean magic?"),
    (
      "magic = \"01020304\"; port = 1;\ncolour = \"00\";", 2,
      "a network has no colour, known are name, magic"
    ),
  ])
  func saysWhatIsWrongAndWhere(members: String, line: Int, reason: String) throws {
    let problem = try #require(try problems("networks = ( { name = \"x\"; \(members) } );").first)
    #expect(problem.key == "networks")
    #expect(problem.origin == .file("netmine.cfg", line: line))
    #expect(problem.reason.hasPrefix("element 1: \(reason)"), "\(problem.reason)")
  }

  @Test(arguments: [
    "networks = ( { magic = \"01020304\"; port = 1; } );", "networks = ( { name = \"A b\"; port = 1; } );",
    "networks = ( { name = 5; port = 1; } );", "networks = ( 5 );", "networks = \"x\";",
    "networks: { name = \"x\"; };",
  ])
  func refusesWhatIsNoNetwork(text: String) throws {
    let problems = try problems(text)
    #expect(problems.map(\.key) == ["networks"])
    #expect(problems[0].origin == .file("netmine.cfg", line: 1))
  }

  @Test(arguments: [("x", "another network \"x\""), ("litecoin", "a known network \"litecoin\"")])
  func refusesANameThatIsTaken(name: String, reason: String) throws {
    let text = """
      networks = ( { name = "x"; magic = "01020304"; port = 1; },
        { name = "\(name)"; magic = "01020305"; port = 1; } );
      """
    let problem = try #require(try problems(text).first)
    #expect(problem.reason == "element 2: name: there is \(reason)")
    #expect(problem.origin == .file("netmine.cfg", line: 2))
  }

  @Test func namesTheNetworksThereAre() throws {
    let text = """
      networks = ( { name = "mysignet"; magic = "01020304"; port = 1; } );
      connector: { network = "mysignt"; };
      """
    let problem = try #require(try problems(text).first)
    #expect(problem.key == "connector.network")
    #expect(problem.origin == .file("netmine.cfg", line: 2))
    #expect(problem.reason == "there is no network \"mysignt\", did you mean \"mysignet\"?")
    #expect(problem.remedy.contains("mainnet, testnet3"))
    #expect(problem.remedy.contains("dash-testnet, mysignet,"))
  }
}
