import BitcoinWire
import Bytes
import Commands
import EventLoop
import JSON

/// A message on a command line.
enum MessageArgument: Hashable {
  /// A message given by name, with the given fields.
  case named(Command, [String: JSONValue])
  /// A command with any payload.
  case raw(Command, payload: [UInt8])
  /// A command with a payload that must be valid for it.
  case encoded(Command, payload: [UInt8])
  /// A whole message, header and payload.
  case whole([UInt8])

  /// Parses the words of one or more messages. Each starts with a name.
  ///
  /// - Parameters:
  ///   - fields: more fields of the last message.
  ///   - payload: the payload of the last message, which may then have any command.
  static func parse(
    _ words: [String],
    fields: [String] = [],
    payload: [UInt8]? = nil
  ) throws(ClientFailure) -> [MessageArgument] {
    var words = words[...]
    var result: [MessageArgument] = []
    while let word = words.popFirst() {
      let isLast = words.isEmpty
      switch word {
      case "raw":
        guard let name = words.popFirst(), let command = Command(name) else {
          throw usage("raw needs a COMMAND of 1 to 12 printable ASCII characters, then its payload in HEX")
        }
        result.append(.raw(command, payload: try bytes(&words) ?? []))
      case "hex":
        guard let bytes = try bytes(&words), !bytes.isEmpty else {
          throw usage("hex needs a whole message, header and payload, in hexadecimal digits")
        }
        result.append(.whole(bytes))
      default:
        if isLast, let payload, let command = Command(word) {
          result.append(.raw(command, payload: payload))
          break
        }
        guard let command = Command(word), Message.decodedCommands.contains(command) else {
          throw usage("\"\(word)\" is not a message name. \(help)")
        }
        let isBytes = words.first.map { !isField($0) } ?? false
        if command == .tx || command == .block, isBytes, let bytes = try bytes(&words) {
          result.append(.encoded(command, payload: bytes))
        } else {
          result.append(.named(command, try Self.fields(&words)))
        }
      }
    }
    guard !fields.isEmpty else {
      guard payload == nil || result.last?.isRaw == true else { throw usage("--payload needs a COMMAND") }
      return result
    }
    guard case .named(let command, var values) = result.popLast() else {
      throw usage("--field needs a message given by its name")
    }
    var further = fields[...]
    values.merge(try Self.fields(&further)) { $1 }
    guard further.isEmpty else { throw usage("\"\(further.first!)\" is not a field: write NAME=VALUE") }
    return result + [.named(command, values)]
  }

  private var isRaw: Bool { if case .raw = self { true } else { false } }

  /// The message's bytes on a network with this magic, and a name for reports.
  ///
  /// - Parameter isForced: whether bytes are accepted without a check.
  func message(magic: UInt32, force isForced: Bool) throws(ClientFailure) -> (name: String, bytes: [UInt8]) {
    let dialect = Dialect(magic: magic)
    switch self {
    case .named(let command, let fields):
      do throws(FieldError) {
        let message = try Message(command, fields: Self.completed(fields, of: command), in: dialect)
        return (command.description, Network.frame(magic: magic, command: command, payload: message.payload))
      } catch {
        throw ClientFailure(.usage, "\(command): \(error). \(MessageHelp.fields(of: command))")
      }
    case .raw(let command, let payload):
      return (command.description, Network.frame(magic: magic, command: command, payload: payload))
    case .encoded(let command, let payload):
      if !isForced, let problem = Self.problem(command, payload, dialect) {
        throw ClientFailure(.usage, "The \(command) is not sent: \(problem). --force sends it anyway.")
      }
      return (command.description, Network.frame(magic: magic, command: command, payload: payload))
    case .whole(let bytes):
      if !isForced, let problem = Self.problem(bytes, magic: magic) {
        let sentence = "The message is not sent: \(problem). --force sends it anyway."
        throw ClientFailure(.someFailed, sentence)
      }
      let header = MessageHeader(peeking: bytes.span.bytes)
      return (header.map(\.command.description) ?? Quantity.counted(bytes.count, "byte"), bytes)
    }
  }

  /// The error in bytes that should be one whole message; nil if they are valid.
  static func problem(_ bytes: [UInt8], magic: UInt32) -> String? {
    switch Framer(magic: magic).next(in: bytes.span.bytes) {
    case .needMore(let total): return "it has \(bytes.count) bytes and needs at least \(total)"
    case .violation(let violation): return "its \(violation)"
    case .message(let header, let total, let checksumValid):
      if total < bytes.count { return "its \(total) bytes are followed by \(bytes.count - total) more" }
      if !checksumValid { return "its checksum does not match its payload" }
      return header.command.isValid ? nil : "its command is not printable ASCII padded with zeros"
    }
  }

  /// The error in a payload; nil if it is valid.
  private static func problem(_ command: Command, _ payload: [UInt8], _ dialect: Dialect) -> String? {
    do throws(WireError) {
      let trailing = try Message.decode(command, payload: payload.span.bytes, dialect: dialect).trailing.count
      return trailing == 0 ? nil : "\(trailing) bytes are left over"
    } catch {
      return "\(error)"
    }
  }

  /// The fields, with defaults for those that should not be zero: a random nonce, the current time.
  private static func completed(_ fields: [String: JSONValue], of command: Command) -> [String: JSONValue] {
    var fields = fields
    if command == .ping || command == .version, fields["nonce"] == nil {
      fields["nonce"] = .number("\(UInt64.random(in: 1 ... .max))")
    }
    if command == .version, fields["time"] == nil {
      fields["time"] = .number("\(Clock.now() / 1_000_000_000)")
    }
    return fields
  }

  /// Removes leading fields from the words: `name=value`, or a JSON object of fields.
  private static func fields(_ words: inout ArraySlice<String>) throws(ClientFailure) -> [String: JSONValue] {
    var fields: [String: JSONValue] = [:]
    while let word = words.first, isField(word) {
      words.removeFirst()
      if word.hasPrefix("{") {
        let value: JSONValue
        do throws(JSONValue.Failure) {
          value = try JSONValue(word)
        } catch {
          throw usage("\"\(word.prefix(80))\" is not a JSON object: \(error)")
        }
        if case .object(let members) = value { fields.merge(members) { $1 } }
      } else {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        fields[String(parts[0])] = .string(String(parts[1]))
      }
    }
    return fields
  }

  private static func isField(_ word: String) -> Bool { word.hasPrefix("{") || word.contains("=") }

  /// Removes a leading word and returns its bytes; nil if there are no words.
  private static func bytes(_ words: inout ArraySlice<String>) throws(ClientFailure) -> [UInt8]? {
    guard let word = words.popFirst() else { return nil }
    return word.isEmpty ? [] : try ByteText.bytes(word)
  }

  private static let help = "`netmine send --help` lists the names; `raw COMMAND HEX` sends any other command"

  private static func usage(_ text: String) -> ClientFailure { ClientFailure(.usage, text + ".") }
}
