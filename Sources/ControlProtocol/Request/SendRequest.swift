import Bytes

/// A message to send, and the connections to send it to.
///
/// Layout: u8 flags (bit 0: unchecked), u8 content kind (0: u32 id of a registered message; 1: u32 count and
/// the message's bytes), target.
public struct SendRequest: Hashable, Sendable {
  /// The message, registered or inline.
  public enum Content: Hashable, Sendable {
    /// The message registered under this id.
    case registered(UInt32)
    /// These bytes: a whole Bitcoin message, header and payload.
    case message([UInt8])
  }

  /// The message to send.
  public var content: Content

  /// The connections to send to.
  public var target: ControlTarget

  /// Whether an inline message is sent unchecked. Otherwise it is refused unless it is one whole message of
  /// the network.
  public var isUnchecked: Bool

  /// Describes a message and its recipients.
  public init(_ content: Content, to target: ControlTarget, unchecked isUnchecked: Bool = false) {
    self.content = content
    self.target = target
    self.isUnchecked = isUnchecked
  }

  @_lifetime(reader: copy reader)
  init(_ reader: inout ByteReader) throws(WireError) {
    isUnchecked = try reader.flag("send flags")
    let kind = try reader.big(UInt8.self, "content kind")
    switch kind {
    case 0: content = .registered(try reader.big("message id"))
    case 1:
      content = .message(try reader.array(Int(try reader.big(UInt32.self, "message length")), "message"))
    default:
      throw WireError(
        .invalid("is \(kind), neither 0 nor 1"),
        field: "content kind",
        offset: reader.offset - 1
      )
    }
    target = try ControlTarget(&reader)
  }

  func write(to bytes: inout [UInt8]) {
    bytes.append(isUnchecked ? 1 : 0)
    switch content {
    case .registered(let identifier):
      bytes.append(0)
      bytes.appendBig(identifier)
    case .message(let message):
      bytes.append(1)
      bytes.appendBig(UInt32(message.count))
      bytes.append(contentsOf: message)
    }
    target.write(to: &bytes)
  }
}
