import BitcoinWire
import Bytes

/// Messages read back from an archive.
extension ArchivedRecord {
  /// The message's header; nil for other types of records.
  var messageHeader: MessageHeader? {
    header.type == .message ? MessageHeader(peeking: body.span.bytes) : nil
  }

  /// The message's command; nil for other types of records.
  var command: Command? { messageHeader?.command }

  /// Whether we sent the message.
  var isSent: Bool { header.flags.contains(.sent) }

  /// The decoded message; nil if it cannot be decoded, or for other types of records.
  var message: Message? {
    guard let command else { return nil }
    return try? Message.decode(command, payload: body.span.bytes.extracting(MessageHeader.size..<body.count))
      .message
  }

  /// The items of an `inv`; empty for other messages.
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
  /// The messages that peers sent.
  var received: [ArchivedRecord] { messages.filter { !$0.isSent } }

  /// Bytes by command in one direction, headers included.
  func bytesByCommand(sent: Bool) -> [String: Int] {
    messages.filter { $0.isSent == sent }.reduce(into: [:]) { sums, message in
      sums["\(message.command!)", default: 0] += message.body.count
    }
  }
}
