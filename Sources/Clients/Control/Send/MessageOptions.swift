import ArgumentParser
import BitcoinWire
import Commands
import ControlProtocol

/// The options of commands that send messages.
struct MessageOptions: ParsableArguments {
  @Option(
    name: .customLong("field"),
    help: ArgumentHelp("A field of the last message. May be repeated.", valueName: "name=value")
  )
  var fields: [String] = []

  @Option(
    help: ArgumentHelp(
      "The payload of the last message, whose command may be any: hexadecimal digits or a file.",
      valueName: "bytes"
    ),
    completion: .file()
  )
  var payload: String?

  @Option(
    name: .customLong("message"),
    help: ArgumentHelp(
      "Send this whole message, header and payload: hexadecimal digits or a file. May be repeated.",
      valueName: "bytes"
    ),
    completion: .file()
  )
  var wholes: [String] = []

  @Option(
    name: .customLong("tx"),
    help: ArgumentHelp(
      "Send this transaction: hexadecimal digits or a file. May be repeated.",
      valueName: "bytes"
    ),
    completion: .file()
  )
  var transactions: [String] = []

  @Option(
    name: .customLong("block"),
    help: ArgumentHelp("Send this block: hexadecimal digits or a file. May be repeated.", valueName: "bytes"),
    completion: .file()
  )
  var blocks: [String] = []

  @Flag(help: "Send what is given as bytes even if it is not right.")
  var force = false

  @Option(
    name: .customLong("await"),
    help: ArgumentHelp(
      "Wait for messages of this command in answer, and print them. May be repeated: any of them is an answer.",
      valueName: "command"
    ),
    completion: .list(Message.decodedCommands.map(\.description))
  )
  var awaited: [Command] = []

  @Option(help: ArgumentHelp("How many answers each peer may give, with --await.", valueName: "count"))
  var answers = 1

  @Option(help: ArgumentHelp("Seconds to wait until all is sent, and answered.", valueName: "seconds"))
  var timeout = 10.0

  func validate() throws {
    guard timeout >= 0 else { throw ValidationError("--timeout cannot be negative.") }
    guard answers > 0 else { throw ValidationError("--answers is at least 1.") }
    guard answers == 1 || !awaited.isEmpty else { throw ValidationError("--answers goes with --await.") }
  }

  /// Whether a message is given by them alone.
  var isGiven: Bool { !wholes.isEmpty || !transactions.isEmpty || !blocks.isEmpty }

  /// The messages of a command line, in order: named ones, then those that are given as bytes.
  func messages(_ words: [String]) throws(ClientFailure) -> [MessageArgument] {
    let payload: [UInt8]? = if let payload { try ByteText.bytes(payload) } else { nil }
    var result = try MessageArgument.parse(words, fields: fields, payload: payload)
    for text in wholes { result.append(.whole(try ByteText.bytes(text))) }
    for text in transactions { result.append(.encoded(.tx, payload: try ByteText.bytes(text))) }
    for text in blocks { result.append(.encoded(.block, payload: try ByteText.bytes(text))) }
    guard !result.isEmpty else { throw ClientFailure(.usage, "Name a message: \(MessageHelp.short)") }
    return result
  }
}
