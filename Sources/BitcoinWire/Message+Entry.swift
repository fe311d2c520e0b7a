import Bytes

extension Message {
  /// What is known of a command, and how to read its payload.
  struct Entry: Sendable {
    /// What is known of the command.
    let specification: MessageSpecification

    /// Reads a payload, and what follows it.
    let decode: @Sendable (RawSpan) throws(WireError) -> DecodedMessage

    /// Makes a message of its fields.
    let make: @Sendable (inout FieldReader) throws(FieldError) -> Message

    /// A command whose payload makes a message.
    init<Payload: MessagePayload & FieldMade>(
      _ command: Command,
      _ message: @escaping @Sendable (Payload) -> Message,
      bips: [Int] = [],
      since: Int32? = nil,
      service: ServiceFlags = [],
      removed: String? = nil,
      limits: [(field: String, maximum: Int)] = []
    ) {
      specification = MessageSpecification(
        command: command,
        bips: bips,
        since: since,
        service: service,
        removed: removed,
        limits: limits.map { MessageSpecification.Limit(field: $0.field, maximum: $0.maximum) }
      )
      decode = { (bytes: RawSpan) throws(WireError) -> DecodedMessage in
        var reader = ByteReader(bytes)
        let payload = try Payload(from: &reader)
        let trailing = try reader.array(reader.remaining, "trailing bytes")
        return DecodedMessage(message(payload), trailing: trailing)
      }
      make = { (fields: inout FieldReader) throws(FieldError) -> Message in
        message(try Payload(fields: &fields))
      }
    }

    /// A command without a payload.
    init(
      _ command: Command,
      _ message: Message,
      bips: [Int] = [],
      since: Int32? = nil,
      service: ServiceFlags = []
    ) {
      self.init(
        command,
        { (_: EmptyPayload) in message },
        bips: bips,
        since: since,
        service: service
      )
    }
  }
}
