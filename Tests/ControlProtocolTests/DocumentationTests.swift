import Bytes
import ControlProtocol
import Foundation
import Testing

/// docs/control-protocol.md names every type. `ControlPageTests` checks its bytes.
@Suite struct DocumentationTests {
  static let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "docs/control-protocol.md").path

  @Test func namesEveryType() throws {
    let text = try String(contentsOfFile: Self.page, encoding: .utf8)
    let types = Samples.requests.map(\.type) + Samples.replies.map(\.type) + Samples.events.map(\.type)
    for type in types { #expect(text.contains("| 0x\(String(type, radix: 16)) |"), "\(type)") }
  }
}
