import BitcoinWire
import Bytes

/// A message out of a packet capture.
public struct CapturedMessage {
  /// Its header.
  public let header: MessageHeader

  /// Header and payload, as they are on the wire.
  public let bytes: [UInt8]

  /// The payload, decoded.
  public var decoded: DecodedMessage {
    get throws(WireError) {
      try Message.decode(header.command, payload: bytes.span.bytes.extracting(MessageHeader.size...))
    }
  }
}

extension CapturedStream {
  /// The messages of a network that it is made of, and how the framer stopped.
  ///
  /// - Returns: the status before the first byte that belongs to none of the messages; nil where there is no
  ///   such byte.
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
