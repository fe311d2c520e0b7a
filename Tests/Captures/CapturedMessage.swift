import BitcoinWire
import Bytes

/// A message from a packet capture.
public struct CapturedMessage {
  /// The header of the message.
  public let header: MessageHeader

  /// Header and payload in wire format.
  public let bytes: [UInt8]

  /// The decoded payload.
  public var decoded: DecodedMessage {
    get throws(WireError) {
      try Message.decode(header.command, payload: bytes.span.bytes.extracting(MessageHeader.size...))
    }
  }
}

extension CapturedStream {
  /// The messages of a network in the stream, and the framer's status after them.
  ///
  /// - Returns: the status at the first byte that belongs to no message; nil if there is no such byte.
  public func messages(of network: Network) -> (messages: [CapturedMessage], end: Framer.Status?) {
    var messages: [CapturedMessage] = []
    var offset = 0
    while offset < bytes.count {
      let status = network.framer.next(in: bytes.span.bytes.extracting(offset...))
      guard case .message(let header, let total, true) = status else { return (messages, status) }
      messages.append(CapturedMessage(header: header, bytes: Array(bytes[offset..<offset + total])))
      offset += total
    }
    return (messages, nil)
  }
}
