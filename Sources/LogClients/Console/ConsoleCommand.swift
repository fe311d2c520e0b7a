import ArgumentParser
import Configuration
import Daemon
import LogClientCore

@main
enum ConsoleMain {
  static func main() { ConsoleCommand.runAsProgram() }
}

/// Shows what the log server has to tell, or what an archive holds, line by line.
struct ConsoleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "console",
    abstract: "Show the log stream, or native log files, in readable lines.",
    discussion: """
      Lines with \u{2192} are messages we sent, lines with \u{2190} messages we received.

      At first one line says how many connections are open; --json and --type meta tell each, and so do files.
      """,
    version: Netmine.version
  )

  @OptionGroup var console: Console

  func run() throws {
    try console.run()
  }
}
