import BitcoinWire
import Foundation
import Testing

/// The table of messages in docs/wire.md says what the library says.
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
    #expect(try Self.rows().map(\.name) == Message.specifications.map(\.command.description))
  }

  @Test(arguments: Message.specifications)
  func saysWhatTheRegistrySays(_ specification: MessageSpecification) throws {
    let row = try #require(try Self.rows().first { $0.name == specification.command.description })
    #expect(
      Array(row.cells.prefix(3)) == [specification.bipText, specification.sinceText, specification.limitText]
    )
  }

  @Test(arguments: Samples.messages)
  func namesTheTypes(_ message: Message) throws {
    guard let row = try Self.rows().first(where: { $0.name == message.command.description }) else {
      #expect(Message.specification(of: message.command) == nil)
      return
    }
    let payload = Mirror(reflecting: message).children.first?.value
    let type = payload.map { "`\(Swift.type(of: $0))`" } ?? "nothing"
    #expect(Array(row.cells[3...4]) == [type, type])
  }
}

extension MessageSpecification {
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
