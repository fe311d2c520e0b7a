import ArgumentParser
import Commands
import Steering

/// `netmine send`: sends messages to chosen connections.
struct SendCommand: ControlCommand {
  static let configuration = CommandConfiguration(
    commandName: "send",
    abstract: "Send messages to chosen connections.",
    discussion: """
      For example:
        netmine send --to 5 6 ping
        netmine send --to 5 getheaders locator=HASH --await headers --json
        netmine send --random 8 --tx signed.hex
        netmine send --outbound --net onion raw feefilter e803000000000000

      `netmine nodes` prints the ids. Exit status: 0 if each message was sent to every chosen connection \
      and, with --await, every peer answered; otherwise 1.

      \(MessageHelp.discussion)
      """
  )

  @Argument(help: ArgumentHelp(MessageHelp.short, valueName: "message"))
  var message: [String] = []

  @OptionGroup(title: "Which connections") var targets: TargetOptions
  @OptionGroup(title: "Messages and answers") var sending: MessageOptions
  @OptionGroup var options: ClientOptions

  func validate() throws {
    guard targets.isGiven else {
      throw ValidationError("Choose connections, for example with --to. To send to all, use broadcast.")
    }
    guard !split.message.isEmpty || sending.isGiven else {
      throw ValidationError("Give a message: \(MessageHelp.short)")
    }
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    let (further, words) = split
    let messages = try sending.messages(words)
    var targets = targets
    targets.ids += further
    return try MessageSender(targets: targets, options: sending).send(messages, environment)
  }

  private var split: (identifiers: [IdentifierList], message: [String]) {
    targets.ids.isEmpty ? ([], message) : Self.split(message)
  }

  /// Separates the ids that follow `--to ID` from the message. No message name starts with a digit.
  static func split(_ words: [String]) -> (identifiers: [IdentifierList], message: [String]) {
    let identifiers = words.prefix { IdentifierList(argument: $0) != nil }
    return (identifiers.compactMap(IdentifierList.init(argument:)), Array(words.dropFirst(identifiers.count)))
  }
}
