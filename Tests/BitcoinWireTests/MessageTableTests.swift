import BitcoinWire
import Foundation
import Testing

/// The table of messages in docs/wire.md agrees with the library.
@Suite struct MessageTableTests {
  static let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "docs/wire.md").path

  /// The cells of the table's rows, by the message's name.
  static func rows() throws -> [(name: String, cells: [String])] {
    let lines = try String(contentsOfFile: page, encoding: .utf8).split(separator: "\n").drop {
      !$0.hasPrefix("| message |")
    }
    return lines.dropFirst(2).prefix { $0.hasPrefix("|") }.map { line in
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      return (cells[0].trimmingCharacters(in: ["`"]), Array(cells.dropFirst()))
    }
  }

  @Test func hasEveryMessageInOrder() throws {
    #expect(try Self.rows().map(\.name) == MessageKind.all.map(\.command.description))
  }

  /// Each kind has a row with its own data. The last column, its evidence, is up to the writer.
  @Test(arguments: MessageKind.all)
  func saysWhatTheRegistrySays(_ kind: MessageKind) throws {
    let row = try Self.rows().first { $0.name == kind.command.description }
    let type = kind.payload == EmptyPayload.self ? "nothing" : "`\(kind.payload)`"
    let cells = [kind.bipText, kind.sinceText, kind.limitText, type, type]
    #expect(
      row.map { Array($0.cells.prefix(5)) } == cells,
      "docs/wire.md needs: | `\(kind.command)` | \(cells.joined(separator: " | ")) | G |"
    )
  }
}

extension MessageKind {
  fileprivate var bipText: String { list(bips.map(String.init)) }

  fileprivate var sinceText: String {
    list(
      [since.map(String.init), service.isEmpty ? nil : "\(service)", removed.map { "until \($0)" }].compactMap
      { $0 }
    )
  }

  fileprivate var limitText: String { list(limits.map { "\($0.field) \($0.maximum)" }) }

  private func list(_ parts: [String]) -> String { parts.isEmpty ? "–" : parts.joined(separator: ", ") }
}
