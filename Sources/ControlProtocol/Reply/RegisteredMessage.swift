import BitcoinWire
import Bytes

/// A message registered by a client, in the reply to `listMessages`.
///
/// Layout, 20 bytes: u32 id, 12 bytes command, u32 size of the whole message in bytes.
public struct RegisteredMessage: Hashable, Sendable {
  static let size = 20

  /// The id for `send`.
  public var id: UInt32
  /// The message's command.
  public var command: Command
  /// Bytes of the whole message, header and payload.
  public var byteCount: UInt32

  /// Describes a message.
  public init(id: UInt32, command: Command, byteCount: UInt32) {
    self.id = id
    self.command = command
    self.byteCount = byteCount
  }

  @_lifetime(reader: copy reader)
  init(_ reader: inout ByteReader) throws(WireError) {
    id = try reader.big("message id")
    command = Command(try reader.span(Command.size, "command"))
    byteCount = try reader.big("message length")
  }

  func write(to bytes: inout [UInt8]) {
    bytes.appendBig(id)
    command.append(to: &bytes)
    bytes.appendBig(byteCount)
  }
}
