import Bytes
import JSON

/// A kind of message: its command, its BIPs, its limits and fields, and how to decode and make it.
///
/// The file of each payload defines its kind; `MessageKind.all` lists them.
public struct MessageKind: Sendable, CustomStringConvertible {
  /// The largest value or size that Bitcoin Core accepts in a field; a message that exceeds it is refused.
  ///
  /// In addition, no count exceeds the capacity of the payload or 32 MiB, and no payload exceeds 4,000,000
  /// bytes.
  public struct Limit: Hashable, Sendable {
    /// The field, as `WireError` names it. "blocks" is the length of a requested range of blocks, which only
    /// a node with the chain can know.
    public var field: String

    /// The largest number, element count, or length in bytes.
    public var maximum: Int

    /// Joins a field and its limit.
    public init(field: String, maximum: Int) {
      self.field = field
      self.maximum = maximum
    }
  }

  /// The command of the message.
  public let command: Command

  /// The numbers of the Bitcoin Improvement Proposals that define the message or restrict its recipients;
  /// empty if it is older than BIPs.
  public let bips: [Int]

  /// The first protocol version that understands the message; nil if all do, or if the version does not
  /// determine it.
  public let since: Int32?

  /// The services that a recipient must offer; empty if none are required.
  public let service: ServiceFlags

  /// The version of Bitcoin Core that dropped the message; nil if Core still supports it.
  public let removed: String?

  /// The limits beyond those of every message.
  public let limits: [Limit]

  /// The type that decodes and encodes the payload.
  public let payload: any MessagePayload.Type

  private let read: @Sendable (RawSpan) throws(WireError) -> DecodedMessage

  private let make: @Sendable (inout FieldReader) throws(FieldError) -> Message
  private let makeSamples: @Sendable () -> [Message]

  /// Creates a kind whose payload makes a case of `Message`.
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

  /// Creates a kind without a case in `Message`: its messages become `other`.
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

  /// Creates a kind without a payload.
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

  /// The fields that a user may write.
  public var fields: [MessageField] { payload.fields }

  /// Messages of this kind for tests, and seeds for fuzzing.
  public var samples: [Message] { makeSamples() }

  /// Decodes a payload. Bytes after the last field are kept apart, not refused.
  public func decode(_ payload: RawSpan) throws(WireError) -> DecodedMessage { try read(payload) }

  /// Makes a message from its fields; see `Message.init(_:fields:in:)` for their form.
  public func message(
    fields: [String: JSONValue] = [:],
    in dialect: Dialect = .bitcoin
  ) throws(FieldError) -> Message {
    var reader = FieldReader(fields, in: dialect)
    let message = try make(&reader)
    try reader.finish()
    return message
  }

  /// A one-line summary of an encoded payload; gives the reason if it cannot be decoded.
  public func summary(of bytes: RawSpan, in dialect: Dialect = .bitcoin) -> String {
    do throws(WireError) {
      let text = try payload.summary(of: bytes, in: dialect)
      return text.isEmpty ? command.description : "\(command) \(text)"
    } catch {
      return "\(command) malformed: \(error)"
    }
  }
}
