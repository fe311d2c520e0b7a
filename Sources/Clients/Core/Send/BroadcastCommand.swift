import ArgumentParser

/// `netmine broadcast`: sends messages to every open connection.
struct BroadcastCommand: ControlCommand {
  static let configuration = CommandConfiguration(
    commandName: "broadcast",
    abstract: "Send messages to every open connection.",
    discussion: "For example: netmine broadcast getaddr; netmine broadcast raw ping 0102030405060708"
  )

  @Argument(help: ArgumentHelp("\(MessageSpecification.help)", valueName: "message"))
  var message: [String]

  @OptionGroup var sending: SendOptions
  @OptionGroup var options: ClientOptions

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    let messages = try MessageSpecification.parse(message)
    return try MessageSender(target: .all, isForced: sending.force, timeout: sending.timeout)
      .send(messages, environment)
  }
}
