import Testing

@testable import Configuration

/// A key that is in no table, along every step of docs/extending.md.
@Suite struct ExampleKeyTests {
  private let keys =
    Configuration.keys + [
      Configuration.Key(
        "connector.example.patience",
        \.connector.bitcoin.pingFrequency,
        .seconds(1...3600),
        "Seconds that the example waits."
      )
    ]

  private func read(_ text: String, _ overrides: [String] = []) throws -> Configuration {
    try Configuration(
      text: text,
      file: "netmine.cfg",
      overrides: overrides.compactMap { Configuration.Override(set: $0) },
      keys: keys
    )
  }

  @Test func isReadFromTheFileAndTheCommandLine() throws {
    let text = "connector: { example: { patience = 7.5; }; };"
    #expect(try read(text).connector.bitcoin.pingFrequency == 7.5)
    let overridden = try read(text, ["connector.example.patience=8"])
    #expect(overridden.connector.bitcoin.pingFrequency == 8)
    #expect(overridden.origin(of: "connector.example.patience") != .builtIn)
  }

  @Test(arguments: [
    ("connector: { example: { patience = 0; }; };", "connector.example.patience", "1 to 3600"),
    ("connector: { example: { patience = \"x\"; }; };", "connector.example.patience", "1 to 3600"),
    (
      "connector: { example: { patiense = 1; }; };", "connector.example.patiense",
      "connector.example.patience"
    ),
    ("connector: { example = 1; };", "connector.example", "a group"),
  ])
  func saysWhatIsWrong(_ text: String, key: String, words: String) throws {
    let error = try #require(throws: ConfigurationError.self) { try read(text) }
    #expect(error.problems.map(\.key) == [key])
    #expect(error.problems.first?.origin == .file("netmine.cfg", line: 1))
    #expect("\(error)".contains(words), "\(error)")
  }

  @Test func isInTheDefaultFile() throws {
    let file = Configuration.defaultFile(of: keys)
    #expect(file.contains("    # Seconds that the example waits.\n    patience = "))
    #expect(try read(file).origin(of: "connector.example.patience") != .builtIn)
  }
}
