import Configuration
import Foundation
import Testing

/// The keys named in the documents.
@Suite struct DocumentedKeyTests {
  private static let root = URL(filePath: DefaultFileTests.shipped).deletingLastPathComponent()

  private static func pages() throws -> [(name: String, text: String)] {
    let docs = try FileManager.default.contentsOfDirectory(
      at: root.appending(path: "docs"),
      includingPropertiesForKeys: nil
    )
    return try (docs + [root.appending(path: "README.md")]).filter { $0.pathExtension == "md" }.map {
      ($0.lastPathComponent, try String(contentsOf: $0, encoding: .utf8))
    }
  }

  /// A renamed or removed key is found in the pages that name it.
  @Test func exist() throws {
    let paths = Configuration.keys.map(\.path)
    let sections = Set(paths.compactMap { $0.contains(".") ? $0.split(separator: ".").first : nil })
    var named = 0
    for page in try Self.pages() {
      for match in page.text.matches(of: /`([a-z_]+)((?:\.[a-z0-9_]+)+)(?:`| = |=)/)
      where sections.contains(match.1) {
        let path = String(match.1 + match.2)
        if path == "verbatim.log" { continue }  // the archive's file
        named += 1
        #expect(
          paths.contains { $0 == path || $0.hasPrefix(path + ".") },
          "\(page.name) names \(path), which is no key"
        )
      }
    }
    #expect(named > 50)
  }
}
