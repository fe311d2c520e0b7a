import BitcoinWire
import Bytes

/// A message read back.
extension ArchivedRecord {
  /// The message's header; nil for a record of any other type.
  var messageHeader: MessageHeader? {
    header.type == .message ? MessageHeader(peeking: body.span.bytes) : nil
  }

  /// The message's command; nil for a record of any other type.
  var command: Command? { messageHeader?.command }

  /// Whether we sent it.
  var isSent: Bool { header.flags.contains(.sent) }

  /// The message's fields; nil where it cannot be read, or the record is of any other type.
  var message: Message? {
    guard let command else { return nil }
    return try? Message.decode(command, payload: body.span.bytes.extracting(MessageHeader.size..<body.count))
      .message
  }

  /// What an `inv` lists; empty for anything else.
  var inventory: [InventoryItem] {
    if case .inv(let list) = message { list.items } else { [] }
  }

  /// The blocks that an `inv` or `headers` announces.
  var announcedBlocks: [Hash256] {
    if case .headers(let headers) = message { return headers.headers.map(\.hash) }
    return inventory.filter { $0.type == .block }.map(\.hash)
  }
}

extension [ArchivedRecord] {
  /// The messages that came from peers.
  var received: [ArchivedRecord] { messages.filter { !$0.isSent } }

  /// Bytes of each command in one direction, headers included.
  func bytesByCommand(sent: Bool) -> [String: Int] {
    messages.filter { $0.isSent == sent }.reduce(into: [:]) { sums, message in
      sums["\(message.command!)", default: 0] += message.body.count
    }
  }
}
