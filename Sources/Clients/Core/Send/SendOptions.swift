import ArgumentParser

/// The options of commands that send messages.
struct SendOptions: ParsableArguments {
  @Flag(help: "Send a whole message even if its header is not right.")
  var force = false

  @Option(help: ArgumentHelp("Seconds to wait until all is written.", valueName: "seconds"))
  var timeout = 10.0

  func validate() throws {
    guard timeout >= 0 else { throw ValidationError("--timeout cannot be negative.") }
  }
}
