import Bytes
import JSON

/// A kind of message: its command, what defines it, its limits, its fields, and how to read and make it.
///
/// Each is in its payload's file, and `MessageKind.all` lists them.
public struct MessageKind: Sendable, CustomStringConvertible {
  /// The most that Bitcoin Core lets a field say or hold; whoever exceeds it is refused.
  ///
  /// Besides, no count exceeds what the payload can hold, none 32 MiB, and no payload 4,000,000 bytes.
  public struct Limit: Hashable, Sendable {
    /// The field, as `WireError` names it; "blocks" for the range of blocks that is asked for, of which only who
    /// knows the chain can tell how long it is.
    public var field: String

    /// The largest number, or count of elements, or length in bytes.
    public var maximum: Int

    /// Joins a field and its limit.
    public init(field: String, maximum: Int) {
      self.field = field
      self.maximum = maximum
    }
  }

  /// The command of the message.
  public let command: Command

  /// Numbers of the Bitcoin Improvement Proposals that define it, or restrict whom it may be sent to; none if it
  /// is older than proposals are.
  public let bips: [Int]

  /// The protocol version from which peers understand it; nil if all do, or if versions do not tell.
  public let since: Int32?

  /// What a peer must offer to be sent it; none if nothing is asked for.
  public let service: ServiceFlags

  /// The version of Bitcoin Core that ceased to understand it; nil if it is understood.
  public let removed: String?

  /// The limits besides those of every message.
  public let limits: [Limit]

  /// The type that decodes and encodes the payload.
  public let payload: any MessagePayload.Type

  private let read: @Sendable (RawSpan) throws(WireError) -> DecodedMessage

  private let make: @Sendable (inout FieldReader) throws(FieldError) -> Message
  private let makeSamples: @Sendable () -> [Message]

  /// A message whose payload makes a case of `Message`.
  public init<Payload: MessagePayload>(
    _ command: Command,
    _ message: @escaping @Sendable (Payload) -> Message,
    bips: [Int] = [],
    since: Int32? = nil,
    service: ServiceFlags = [],
    removed: String? = nil,
    limits: [(field: String, maximum: Int)] = []
  ) {
    self.command = command
    self.bips = bips
    self.since = since
    self.service = service
    self.removed = removed
    self.limits = limits.map { Limit(field: $0.field, maximum: $0.maximum) }
    payload = Payload.self
    read = { (bytes: RawSpan) throws(WireError) -> DecodedMessage in
      var reader = ByteReader(bytes)
      let payload = try Payload(from: &reader)
      let trailing = try reader.array(reader.remaining, "trailing bytes")
      return DecodedMessage(message(payload), trailing: trailing)
    }
    make = { (fields: inout FieldReader) throws(FieldError) -> Message in
      message(try Payload(fields: &fields))
    }
    makeSamples = { Payload.samples.map(message) }
  }

  /// A message that has no case of its own in `Message`: it becomes `other`.
  public init<Payload: MessagePayload>(
    _ command: Command,
    _ payload: Payload.Type,
    bips: [Int] = [],
    since: Int32? = nil,
    service: ServiceFlags = [],
    removed: String? = nil,
    limits: [(field: String, maximum: Int)] = []
  ) {
    self.init(
      command,
      { (payload: Payload) in .other(OtherMessage(command, payload)) },
      bips: bips,
      since: since,
      service: service,
      removed: removed,
      limits: limits
    )
  }

  /// A message without a payload.
  init(
    _ command: Command,
    _ message: Message,
    bips: [Int] = [],
    since: Int32? = nil,
    service: ServiceFlags = []
  ) {
    self.init(command, { (_: EmptyPayload) in message }, bips: bips, since: since, service: service)
  }

  /// The command.
  public var description: String { command.description }

  /// The fields that a person may write of it.
  public var fields: [MessageField] { payload.fields }

  /// Messages of this kind for tests, and for fuzzing to begin with.
  public var samples: [Message] { makeSamples() }

  /// Decodes a payload. Bytes after the last field are kept apart, not refused.
  public func decode(_ payload: RawSpan) throws(WireError) -> DecodedMessage { try read(payload) }

  /// Makes a message of its fields; `Message.init(_:fields:in:)` says how they are written.
  public func message(
    fields: [String: JSONValue] = [:],
    in dialect: Dialect = .bitcoin
  ) throws(FieldError) -> Message {
    var reader = FieldReader(fields, in: dialect)
    let message = try make(&reader)
    try reader.finish()
    return message
  }

  /// The line for a payload that is still bytes; if it cannot be decoded, the reason.
  public func summary(of bytes: RawSpan, in dialect: Dialect = .bitcoin) -> String {
    do throws(WireError) {
      let text = try payload.summary(of: bytes, in: dialect)
      return text.isEmpty ? command.description : "\(command) \(text)"
    } catch {
      return "\(command) malformed: \(error)"
    }
  }
}
