import BitcoinWire
import Bytes
import Foundation
import Testing

/// The code in docs/wire.md is in this file, so it compiles and does what the page claims.
@Suite struct DocumentationTests {
  @Test func showsThisCode() throws {
    let page = try String(contentsOfFile: MessageTableTests.page, encoding: .utf8)
    let source = try String(contentsOfFile: #filePath, encoding: .utf8)
    let blocks = page.components(separatedBy: "```swift\n").dropFirst()
      .map { $0.components(separatedBy: "```")[0] }
    #expect(!blocks.isEmpty)
    func lines(_ text: String) -> [String] {
      text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    }
    let ours = lines(source).joined(separator: "\n")
    for block in blocks {
      #expect(ours.contains(lines(block).joined(separator: "\n")), "\(block)")
    }
  }

  @Test func findsMessagesInAStream() throws {
    let inventory = InventoryMessage(items: [InventoryItem(.wtx, .zero)])
    let stream =
      Network.mainnet.frame(.inv(inventory)) + Network.mainnet.frame(.verack) + [0xf9, 0xbe]
    var seen: [String] = []
    func handle(_ message: Message) { seen.append(message.summary) }
    func wait(forBytes total: Int) { seen.append("wait for \(total)") }
    func close(_ violation: Framer.Violation) { seen.append("\(violation)") }
    func note(_ error: WireError) { seen.append("\(error)") }

    let framer = Network.mainnet.framer
    var offset = 0
    reading: while true {
      let rest = stream.span.bytes.extracting(offset...)
      switch framer.next(in: rest) {
      case .needMore(let total):
        wait(forBytes: total)
        break reading
      case .violation(let violation):
        close(violation)
        break reading
      case .message(let header, let total, let checksumValid):
        let payload = rest.extracting(MessageHeader.size..<total)
        do throws(WireError) {
          if checksumValid { handle(try Message.decode(header.command, payload: payload).message) }
        } catch {
          note(error)  // the field, its offset, and what is wrong with it
        }
        offset += total
      }
    }
    #expect(seen == ["inv 1 wtx 0…", "verack", "wait for 24"])
  }

  @Test func readsWhereItLies() throws {
    let payload = InventoryMessage(
      items: [InventoryItem(.block, Network.mainnet.genesisHash), InventoryItem(.wtx, .zero)]
    ).bytes
    var blocks: [Hash256] = []

    let inventory = try InventoryView(payload.span.bytes)
    for index in 0..<inventory.count where inventory[index].type == .block {
      blocks.append(inventory[index].hash)
    }
    #expect(blocks == [Network.mainnet.genesisHash])
  }
}
