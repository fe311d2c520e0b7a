import BitcoinWire
import Bytes

/// A message as a person writes it.
enum MessageSpecification: Hashable {
  /// A `ping` with a nonce of its own.
  case ping
  /// A message without payload.
  case empty(Command)
  /// A command and the bytes of its payload.
  case raw(Command, payload: [UInt8])
  /// A whole message, header and payload.
  case whole([UInt8])

  /// How messages are written, for help texts.
  static let help = "ping, getaddr, mempool, raw COMMAND [HEX], or hex WHOLE-MESSAGE. Several may follow."

  /// Reads the words of one or more messages.
  static func parse(_ words: [String]) throws(ClientFailure) -> [MessageSpecification] {
    var words = words[...]
    var result: [MessageSpecification] = []
    while let word = words.popFirst() {
      switch word {
      case "ping": result.append(.ping)
      case "getaddr": result.append(.empty("getaddr"))
      case "mempool": result.append(.empty("mempool"))
      case "raw":
        guard let name = words.popFirst(), let command = Command(name) else {
          throw usage("raw needs a COMMAND of 1 to 12 printable ASCII characters, then its payload in HEX")
        }
        result.append(.raw(command, payload: try payload(&words)))
      case "hex":
        guard let bytes = words.popFirst().flatMap(Hexadecimal.bytes), !bytes.isEmpty else {
          throw usage("hex needs a whole message, header and payload, in hexadecimal digits")
        }
        result.append(.whole(bytes))
      default: throw usage("\"\(word)\" is no message: write \(help)")
      }
    }
    guard !result.isEmpty else { throw usage("Name a message: \(help)") }
    return result
  }

  /// What is sent on the network with this magic, and the name it is reported under.
  ///
  /// - Parameter isForced: whether a whole message is taken as it is.
  func message(magic: UInt32, force isForced: Bool) throws(ClientFailure) -> (name: String, bytes: [UInt8]) {
    switch self {
    case .ping:
      let payload = PingMessage(nonce: .random(in: 1 ... .max)).bytes
      return ("ping", Network.frame(magic: magic, command: "ping", payload: payload))
    case .empty(let command):
      return (command.description, Network.frame(magic: magic, command: command, payload: []))
    case .raw(let command, let payload):
      return (command.description, Network.frame(magic: magic, command: command, payload: payload))
    case .whole(let bytes):
      if !isForced, let problem = Self.problem(bytes, magic: magic) {
        let sentence = "The message is not sent: \(problem). --force sends it as it is."
        throw ClientFailure(.someFailed, sentence)
      }
      let header = MessageHeader(peeking: bytes.span.bytes)
      return (header.map(\.command.description) ?? Quantity.counted(bytes.count, "byte"), bytes)
    }
  }

  /// What is wrong with the bytes as one whole message; nil where nothing is.
  static func problem(_ bytes: [UInt8], magic: UInt32) -> String? {
    switch Framer(magic: magic).next(in: bytes.span.bytes) {
    case .needMore(let total): return "it has \(bytes.count) bytes and needs at least \(total)"
    case .violation(let violation): return "its \(violation)"
    case .message(let header, let total, let checksumValid):
      if total < bytes.count { return "its \(total) bytes are followed by \(bytes.count - total) more" }
      if !checksumValid { return "its checksum is not its payload's" }
      return header.command.isValid ? nil : "its command is not printable ASCII padded with zeros"
    }
  }

  private static func payload(_ words: inout ArraySlice<String>) throws(ClientFailure) -> [UInt8] {
    guard let word = words.popFirst() else { return [] }
    guard let bytes = Hexadecimal.bytes(word) else {
      throw usage("\"\(word)\" is no payload: write it in hexadecimal digits, or \"\" where there is none")
    }
    return bytes
  }

  private static func usage(_ text: String) -> ClientFailure { ClientFailure(.usage, text + ".") }
}
