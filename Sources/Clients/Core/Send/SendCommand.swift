import ArgumentParser

/// `netmine send`: sends messages to chosen connections.
struct SendCommand: ControlCommand {
  static let configuration = CommandConfiguration(
    commandName: "send",
    abstract: "Send messages to chosen connections.",
    discussion: "For example: netmine send --to 5 6 ping. `netmine nodes` shows the ids."
  )

  @Option(
    help: ArgumentHelp("Ids of the connections, with commas or spaces between them.", valueName: "id…")
  )
  var to: [IdentifierList]

  @Argument(help: ArgumentHelp("\(MessageSpecification.help)", valueName: "message"))
  var message: [String]

  @OptionGroup var sending: SendOptions
  @OptionGroup var options: ClientOptions

  func validate() throws {
    guard !to.isEmpty else { throw ValidationError("Say with --to which connections; broadcast takes all.") }
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    let (further, words) = Self.split(message)
    let messages = try MessageSpecification.parse(words)
    let identifiers = (to + further).flatMap(\.identifiers)
    return try MessageSender(
      target: .connections(identifiers),
      isForced: sending.force,
      timeout: sending.timeout
    )
    .send(messages, environment)
  }

  /// Tells the ids after `--to ID` from the message: no message begins with a number.
  static func split(_ words: [String]) -> (identifiers: [IdentifierList], message: [String]) {
    let identifiers = words.prefix { IdentifierList(argument: $0) != nil }
    return (identifiers.compactMap(IdentifierList.init(argument:)), Array(words.dropFirst(identifiers.count)))
  }
}
