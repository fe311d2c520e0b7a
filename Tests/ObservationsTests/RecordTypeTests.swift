import Foundation
import Observations
import Testing

/// What docs/extending.md says of record types.
@Suite struct RecordTypeTests {
  private static func text(_ path: String) throws -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  @Test func everyTypeIsOneBitWithANameOfItsOwn() {
    #expect(RecordType.names.allSatisfy { $0.type.rawValue.nonzeroBitCount == 1 })
    #expect(Set(RecordType.names.map(\.type)).count == RecordType.names.count)
    #expect(Set(RecordType.names.map(\.name)).count == RecordType.names.count)
    for (type, name) in RecordType.names { #expect(RecordType(name: name) == type && type.name == name) }
  }

  /// Those whose bodies are neither text nor known to the earliest readers can be checked by any.
  @Test func everyTypeFrom0x0100OnIsAnExtension() {
    for (type, _) in RecordType.names {
      #expect(RecordType.extensions.contains(type) == (type.rawValue >= 0x0100))
    }
  }

  @Test(arguments: ["docs/log-format.md", "libraries/python/netmine/records.py", "libraries/c/netmine.h"])
  func hasEveryType(_ path: String) throws {
    let text = try Self.text(path)
    for (type, name) in RecordType.names {
      let number = String(type.rawValue, radix: 16)
      let digits = "0x" + String(repeating: "0", count: 4 - number.count) + number
      #expect(text.contains(digits), "\(path) has no \(name), \(digits)")
      #expect(text.contains(name.uppercased()), "\(path) has no \(name.uppercased())")
    }
  }
}
