import BitcoinWire
import Bytes
import LogProtocol
import Observations

/// A record with its body read, once for everybody who looks at it.
public struct StreamRecord {
  /// What a body says.
  public enum Content {
    /// A Bitcoin message, whole or cut short; nil if not even its header is there.
    case message(MessageHeader?)
    /// Something that happened to a connection.
    case event(ConnectionEvent)
    /// Something about the stream itself.
    case meta(MetaBody)
    /// UTF-8: debug, ctrl, error, connector or client.
    case text
    /// A type that has no form here: what comes from inside nodes, alerts, and what later versions write.
    case other
    /// A body that this version cannot read, and why; a newer program may have written it.
    case unreadable(WireError)
  }

  /// The record's header.
  public let header: RecordHeader
  /// The body's bytes; valid as long as the handler is called.
  public let body: UnsafeRawBufferPointer
  /// What they say.
  public let content: Content

  /// Reads a record's body.
  public init(_ header: RecordHeader, _ body: UnsafeRawBufferPointer) {
    self.header = header
    self.body = body
    switch header.type {
    case .message: content = .message(MessageHeader(peeking: body.bytes))
    case .connection:
      do throws(WireError) {
        content = .event(try ConnectionEvent(body.bytes))
      } catch {
        content = .unreadable(error)
      }
    case .meta:
      do throws(WireError) {
        content = .meta(try MetaBody(body.bytes))
      } catch {
        content = .unreadable(error)
      }
    case .debug, .control, .error, .connector, .client: content = .text
    default: content = .other
    }
  }

  /// The text of a record that is one.
  public var text: String { String(decoding: body, as: UTF8.self) }

  /// What follows a message's header, as far as it is there.
  public var payload: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: body.dropFirst(MessageHeader.size))
  }

  /// A message that nodes would take, decoded; nil if the record is none, its checksum is wrong, or its payload cannot be
  /// read. As Bitcoin Core does, whoever believes messages ignores those.
  public var message: Message? {
    guard case .message(let message?) = content, !header.flags.contains(.wrongChecksum),
      !header.flags.contains(.truncated)
    else { return nil }
    return (try? Message.decode(message.command, payload: payload.bytes))?.message
  }
}
