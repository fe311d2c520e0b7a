import BitcoinWire
import Bytes
import JSON

extension FuzzTarget {
  /// A payload is refused with an error at an offset, or decoded. A decoded payload encodes to the same
  /// bytes, decodes again to the same message, and has a one-line summary and a JSON object.
  ///
  /// The texts cost many times as much as the rest, so they are checked for one input in 256, selected by its
  /// bytes.
  ///
  /// - Parameter kind: the command's kind; nil if it is not decoded.
  static func message(_ command: Command, _ kind: MessageKind?, _ bytes: RawSpan) throws(Finding) {
    func decode(_ bytes: RawSpan) throws(WireError) -> DecodedMessage {
      guard let kind else { return try Message.decode(command, payload: bytes) }
      return try kind.decode(bytes)
    }
    let hasText = checksum(bytes) % 256 == 0
    if hasText {
      let summary = kind?.summary(of: bytes) ?? Message.summary(command, payload: bytes)
      try expectLine(summary, of: "a summary")
    }
    let decoded: DecodedMessage
    do throws(WireError) {
      decoded = try decode(bytes)
    } catch {
      if hasText { try expectExplained(error, in: bytes) }
      return
    }
    let message = decoded.message
    let payload = message.payload
    try expect(message.command == command, "a \(command) is decoded as one, not as \(message.command)")
    try expect(payload + decoded.trailing == Array(bytes), "a \(command) is written as it was: \(decoded)")
    let again: DecodedMessage
    do throws(WireError) {
      again = try decode(payload.span.bytes)
    } catch {
      throw Finding("a \(command) that we write can be read: \(decoded), \(error)")
    }
    try expect(again == DecodedMessage(message), "a \(command) reads the same again: \(decoded), \(again)")
    try expectSeen(message, in: bytes)
    guard hasText else { return }
    try expectLine(message.summary, of: "a summary")
    var json = JSONWriter()
    message.write(to: &json)
    // A byte becomes two digits. A list element has a name, and may be only a few bytes on the wire.
    try expectLine(
      String(decoding: json.finish(), as: UTF8.self),
      of: "a JSON object",
      maximum: 4096 + 512 * bytes.byteCount
    )
  }

  /// The sum of all bytes.
  private static func checksum(_ bytes: RawSpan) -> UInt32 {
    bytes.withUnsafeBytes { bytes in
      var sum: UInt32 = 0
      for byte in bytes { sum &+= UInt32(byte) }
      return sum
    }
  }

  /// The 12 bytes of any command and its payload. Every command decodes and encodes to the same bytes, known
  /// or not.
  static func command(_ bytes: RawSpan) throws(Finding) {
    guard bytes.byteCount >= Command.size else { return }
    let name = bytes.extracting(first: Command.size)
    let command = Command(name)
    try expect(command.bytes == Array(name), "a command is written as it was")
    try expectLine(command.description, of: "a command")
    let text = String(decoding: command.bytes.prefix { $0 != 0 }, as: UTF8.self)
    let isNamed = command.bytes.allSatisfy { $0 == 0 }
    try expect(
      command.isValid == (Command(text) == command || isNamed),
      "a command is valid if its name alone makes it: \(command)"
    )
    try message(command, MessageKind.of(command), bytes.extracting(Command.size...))
  }
}
