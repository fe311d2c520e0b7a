import Bytes

extension ControlReply {
  /// Reads the fields after the request's id; nil if no reply has this type.
  @_lifetime(reader: copy reader)
  init?(type: UInt8, _ reader: inout ByteReader) throws(WireError) {
    switch type {
    case 0x90: self = .hello(try ServerHello(&reader))
    case 0x91: self = .messageRegistered(try reader.big("message id"))
    case 0x92:
      let count = try reader.elementCount(size: RegisteredMessage.size, "messages")
      var messages: [RegisteredMessage] = []
      messages.reserveCapacity(count)
      for _ in 0..<count { messages.append(try RegisteredMessage(&reader)) }
      self = .messages(messages)
    case 0x93: self = .messageForgotten
    case 0x94: self = .connecting(try reader.identifiers("connection ids"))
    case 0x95:
      self = .disconnecting(count: try reader.big("count"), missing: try reader.identifiers("missing ids"))
    case 0x96: self = .sending(count: try reader.big("count"), missing: try reader.identifiers("missing ids"))
    case 0x97:
      let next = try reader.big(UInt32.self, "next")
      let count = try reader.elementCount(size: ConnectionInfo.minimumSize, "connections")
      var connections: [ConnectionInfo] = []
      connections.reserveCapacity(count)
      for _ in 0..<count { connections.append(try ConnectionInfo(&reader)) }
      self = .connections(connections, next: next)
    case 0x98: self = .statistics(try ConnectorStatistics(&reader))
    case 0x99: self = .reloaded(try reader.text("changes"))
    case 0x9a: self = .shuttingDown
    case 0xff:
      let status = ControlFailure.Status(rawValue: try reader.big("status"))
      self = .failure(ControlFailure(status, try reader.text("sentence")))
    default: return nil
    }
    try reader.finish("reply")
  }
}
