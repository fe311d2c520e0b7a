import Configuration
import Foundation
import Testing

@Suite struct DefaultFileTests {
  /// The shipped file, at the root of the project.
  static let shipped = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "netmine.cfg").path

  /// With `NETMINE_WRITE_DEFAULT_FILE` set, writes the shipped file instead.
  @Test func theShippedFileIsTheDefaultFile() throws {
    if ProcessInfo.processInfo.environment["NETMINE_WRITE_DEFAULT_FILE"] != nil {
      try Configuration.defaultFile.write(toFile: Self.shipped, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOfFile: Self.shipped, encoding: .utf8) == Configuration.defaultFile)
  }

  @Test func theShippedFileEqualsTheDefaults() throws {
    #expect(try Configuration(file: Self.shipped) == Configuration())
  }

  @Test func everyExampleCanBeUncommented() throws {
    let text = Configuration.defaultFile.replacing(/# ([a-z0-9_]+ = .*;)/) { $0.output.1 }
    let configuration = try Configuration(text: text, file: "netmine.cfg")
    for key in Configuration.keys {
      let origin = configuration.origin(of: key.path)
      #expect(origin != .builtIn, "\(key.path) is not in the file")
    }
    #expect(configuration.connector.bitcoin.listeners.map(\.endpoint.description) == ["127.0.0.1:8334"])
  }

  @Test func everyKeyIsExplained() {
    for key in Configuration.keys { #expect(!key.documentation.isEmpty, "\(key.path)") }
  }
}
