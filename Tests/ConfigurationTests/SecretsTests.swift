import Testing

@testable import Configuration

/// No password is visible to others: the configuration's text is published, and errors are printed.
@Suite struct SecretsTests {
  @Test(arguments: [
    ("place = \"postgresql://me:hunter2@host/db\";", "place = \"postgresql://me:***@host/db\";"),
    ("postgres://me:hun/t@er2@[::1]:5432/db next", "postgres://me:***@[::1]:5432/db next"),
    (
      "postgresql://me@host/db?password=hunter2&sslmode=require",
      "postgresql://me@host/db?password=***&sslmode=require"
    ),
    ("host=x password='hun ter\\'2' dbname=y", "host=x password=*** dbname=y"),
    ("# PASSWORD = hunter2", "# PASSWORD = ***"),
    ("# password = \"hun ter2\";", "# password = ***;"),
    ("password: \"hunter2\"; x", "password: ***; x"),
    ("sslpassword=hunter2", "sslpassword=***"),
    (
      "socks5://127.0.0.1:9050 me@host postgresql://me@host/db",
      "socks5://127.0.0.1:9050 me@host postgresql://me@host/db"
    ),
  ])
  func areHidden(in text: String, as expected: String) {
    #expect(text.withoutSecrets == expected)
  }

  /// For every key, suitable or not, in the file or on the command line.
  @Test func areNeitherInTheTextNorInAnyError() throws {
    let value = "postgresql://me:hunter2@host/db?password=hunter2"
    #expect(Configuration.keys.count > 50)
    for key in Configuration.keys {
      let option = "\(key.path)=\(value)"
      let text =
        "\(key.path.split(separator: ".").joined(separator: ": { ")) = \"\(value)\";"
        + String(repeating: " };", count: key.path.split(separator: ".").count - 1)
      for (text, options) in [(text, []), ("", [option])] {
        do {
          let overrides = try options.map { try #require(Configuration.Override(set: $0)) }
          let configuration = try Configuration(text: text, file: "a.cfg", overrides: overrides)
          #expect(!configuration.text.contains("hunter2"), "\(key.path)")
        } catch {
          #expect(!"\(error)".contains("hunter2"), "\(error)")
        }
      }
    }
  }
}
