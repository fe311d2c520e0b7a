import BitcoinWire
import Bytes
import Observations

/// A record with its body decoded once for all users.
public struct StreamRecord {
  /// The decoded body.
  public enum Content {
    /// A Bitcoin message, whole or cut short; nil if not even its header is whole.
    case message(MessageHeader?)
    /// A connection event.
    case event(ConnectionEvent)
    /// A META record about the stream itself.
    case meta(MetaBody)
    /// UTF-8: debug, ctrl, error, connector or client.
    case text
    /// A type that is not decoded here: records from inside nodes, alerts, and types of later versions.
    case other
    /// A body that this version cannot decode, with the reason; a newer program may have written it.
    case unreadable(WireError)
  }

  /// The record's header.
  public let header: RecordHeader
  /// The body's bytes; valid only during the call to the handler.
  public let body: UnsafeRawBufferPointer
  /// The decoded body.
  public let content: Content

  /// Decodes a record's body.
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

  /// The text of a text record.
  public var text: String { String(decoding: body, as: UTF8.self) }

  /// The bytes after a message's header, as far as they are there.
  public var payload: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: body.dropFirst(MessageHeader.size))
  }

  /// The decoded message; nil if the record is none, is cut short, its checksum is wrong, or its payload
  /// cannot be decoded. Bitcoin Core ignores such messages too.
  public var message: Message? {
    guard case .message(let message?) = content, !header.flags.contains(.wrongChecksum),
      !header.flags.contains(.truncated)
    else { return nil }
    return (try? Message.decode(message.command, payload: payload.bytes))?.message
  }
}
