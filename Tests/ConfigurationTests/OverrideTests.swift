import Configuration
import Testing

@Suite struct OverrideTests {
  func configuration(_ assignments: String...) throws -> Configuration {
    let text = "logger: { root = \"/srv/file/\"; }; connector: { relay = false; };"
    let overrides = try assignments.map { try #require(Configuration.Override(set: $0)) }
    return try Configuration(text: text, file: "netmine.cfg", overrides: overrides)
  }

  @Test func winOverTheFile() throws {
    let configuration = try configuration("connector.relay=true", "logger.root=/srv/option")
    #expect(configuration.connector.relay)
    #expect(configuration.logger.root == "/srv/option/")
    #expect(configuration.runPath == "/srv/option/run/")
    #expect(configuration.origin(of: "connector.relay") == .option("--set connector.relay=true"))
  }

  @Test func theLaterWins() throws {
    #expect(try configuration("connector.relay=true", "connector.relay=false").connector.relay == false)
  }

  @Test func textNeedsNoQuotes() throws {
    let configuration = try configuration("connector.network = \"signet\"", "connector.user_agent=/a=b:1/")
    #expect(configuration.connector.network == "signet")
    #expect(configuration.connector.userAgent == "/a=b:1/")
  }

  @Test func takeListsAndWideNumbers() throws {
    let configuration = try configuration(
      "connector.bitcoin.listeners=((\"AF_INET\",\"127.0.0.1\",0,5))",
      "logger.max_buffer=5000000000"
    )
    #expect(configuration.connector.bitcoin.listeners.count == 1)
    #expect(configuration.logger.maxBuffer == 5_000_000_000)
  }

  @Test(arguments: [
    ("connector.rely=true", ConfigurationError.Kind.unknownKey),
    ("connector.relay=1", .wrongType),
    ("connector.relay=maybe", .wrongType),
    ("connector.relay=", .wrongType),
    ("connector.relay=true; x = 1", .wrongType),
    ("connector.network=bitcoin", .outOfRange),
    ("logger.max_buffer=1", .outOfRange),
    ("logger.max_buffer=99999999999999999999", .outOfRange),
    ("logger=5", .unknownKey),
  ])
  func errorsNameTheOption(assignment: String, kind: ConfigurationError.Kind) throws {
    let error = try #require(throws: ConfigurationError.self) { try configuration(assignment) }
    #expect(error.problems.map(\.kind) == [kind])
    #expect(error.problems.map(\.origin) == [.option("--set \(assignment)")])
  }

  @Test func needAnEqualsSign() {
    #expect(Configuration.Override(set: "connector.relay") == nil)
  }
}
