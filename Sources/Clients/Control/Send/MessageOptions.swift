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
      "The payload of the last message, for any command: hex digits or a file.",
      valueName: "bytes"
    ),
    completion: .file()
  )
  var payload: String?

  @Option(
    name: .customLong("message"),
    help: ArgumentHelp(
      "Send this whole message, header and payload: hex digits or a file. May be repeated.",
      valueName: "bytes"
    ),
    completion: .file()
  )
  var wholes: [String] = []

  @Option(
    name: .customLong("tx"),
    help: ArgumentHelp(
      "Send this transaction: hex digits or a file. May be repeated.",
      valueName: "bytes"
    ),
    completion: .file()
  )
  var transactions: [String] = []

  @Option(
    name: .customLong("block"),
    help: ArgumentHelp("Send this block: hex digits or a file. May be repeated.", valueName: "bytes"),
    completion: .file()
  )
  var blocks: [String] = []

  @Flag(help: "Send bytes even if they are not a valid message.")
  var force = false

  @Option(
    name: .customLong("await"),
    help: ArgumentHelp(
      "Wait for answers with this command, and print them. May be repeated: any one is an answer.",
      valueName: "command"
    ),
    completion: .list(Message.decodedCommands.map(\.description))
  )
  var awaited: [Command] = []

  @Option(help: ArgumentHelp("Accept N answers from each peer, with --await.", valueName: "count"))
  var answers = 1

  @Option(help: ArgumentHelp("Seconds to wait until all is sent and answered.", valueName: "seconds"))
  var timeout = 10.0

  func validate() throws {
    guard timeout >= 0 else { throw ValidationError("--timeout cannot be negative.") }
    guard answers > 0 else { throw ValidationError("--answers must be 1 or more.") }
    guard answers == 1 || !awaited.isEmpty else { throw ValidationError("--answers needs --await.") }
  }

  /// Whether these options give a message by themselves.
  var isGiven: Bool { !wholes.isEmpty || !transactions.isEmpty || !blocks.isEmpty }

  /// The messages of a command line, in order: first those given by words, then those given by options.
  func messages(_ words: [String]) throws(ClientFailure) -> [MessageArgument] {
    let payload: [UInt8]? = if let payload { try ByteText.bytes(payload) } else { nil }
    var result = try MessageArgument.parse(words, fields: fields, payload: payload)
    for text in wholes { result.append(.whole(try ByteText.bytes(text))) }
    for text in transactions { result.append(.encoded(.tx, payload: try ByteText.bytes(text))) }
    for text in blocks { result.append(.encoded(.block, payload: try ByteText.bytes(text))) }
    guard !result.isEmpty else { throw ClientFailure(.usage, "Give a message: \(MessageHelp.short)") }
    return result
  }
}
