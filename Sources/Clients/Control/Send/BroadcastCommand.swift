import ArgumentParser
import Commands
import Steering

/// `netmine broadcast`: sends messages to all open connections, or to chosen ones.
struct BroadcastCommand: ControlCommand {
  static let configuration = CommandConfiguration(
    commandName: "broadcast",
    abstract: "Send messages to all open connections, or to chosen ones.",
    discussion: """
      For example:
        netmine broadcast getaddr
        netmine broadcast --tx signed.hex
        netmine broadcast --agent satoshi --await pong --timeout 5 ping
        netmine broadcast inv items=block:HASH --await getdata

      Exit status: 0 if each message was sent to every chosen connection and, with --await, every peer \
      answered; otherwise 1.

      \(MessageHelp.discussion)
      """
  )

  @Argument(help: ArgumentHelp(MessageHelp.short, valueName: "message"))
  var message: [String] = []

  @OptionGroup(title: "Which connections") var targets: TargetOptions
  @OptionGroup(title: "Messages and answers") var sending: MessageOptions
  @OptionGroup var options: ClientOptions

  func validate() throws {
    guard !message.isEmpty || sending.isGiven else {
      throw ValidationError("Give a message: \(MessageHelp.short)")
    }
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    try MessageSender(targets: targets, options: sending).send(sending.messages(message), environment)
  }
}
