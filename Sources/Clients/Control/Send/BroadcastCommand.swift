import ArgumentParser
import Commands
import Steering

/// `netmine broadcast`: sends messages to every open connection, or to those that are chosen.
struct BroadcastCommand: ControlCommand {
  static let configuration = CommandConfiguration(
    commandName: "broadcast",
    abstract: "Send messages to every open connection, or to all that are chosen.",
    discussion: """
      For example:
        netmine broadcast getaddr
        netmine broadcast --tx signed.hex
        netmine broadcast --agent satoshi --await pong --timeout 5 ping
        netmine broadcast inv items=block:HASH --await getdata

      Exit status 0 when each message went to everybody it was for and, with --await, everybody has answered; 1 \
      when not.

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
      throw ValidationError("Name a message: \(MessageHelp.short)")
    }
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    try MessageSender(targets: targets, options: sending).send(sending.messages(message), environment)
  }
}
