import Bytes

/// A message from a connector to a client, in version 2 or 3 of the control protocol.
public enum ControlAnswer: Hashable, Sendable {
  /// The reply to the request with this id.
  case reply(id: UInt32, ControlReply)
  /// An event of the request with this id.
  case event(id: UInt32, ControlEvent)

  /// Reads the payload of a frame; nil if its type is unknown, as a later connector's event may be.
  public init?(
    version: UInt8 = ControlFrame.currentVersion,
    type: UInt8,
    payload: RawSpan
  ) throws(WireError) {
    var reader = ByteReader(payload)
    let identifier = try reader.big(UInt32.self, "request id")
    if type & 0x80 != 0 {
      guard let reply = try ControlReply(type: type, &reader) else { return nil }
      self = .reply(id: identifier, reply)
    } else {
      guard let event = try ControlEvent(version: version, type: type, &reader) else { return nil }
      self = .event(id: identifier, event)
    }
  }
}
