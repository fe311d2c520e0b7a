import Bytes

extension Network {
  /// A framer for this network's messages.
  public var framer: Framer { Framer(magic: magic) }

  /// A whole message: header and payload, ready to send.
  public func frame(_ command: Command, payload: [UInt8] = []) -> [UInt8] {
    Self.frame(magic: magic, command: command, payload: payload)
  }

  /// A whole message: header and payload, ready to send.
  public func frame(_ message: Message) -> [UInt8] {
    frame(message.command, payload: message.payload)
  }

  /// A whole message of the network with this magic: header and payload, ready to send.
  public static func frame(magic: UInt32, command: Command, payload: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(MessageHeader.size + payload.count)
    MessageHeader(magic: magic, command: command, payload: payload.span.bytes).append(to: &bytes)
    bytes.append(contentsOf: payload)
    return bytes
  }
}
