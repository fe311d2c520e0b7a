import ArgumentParser
import Configuration
import Daemon
import LogClientCore

@main
enum ConsoleMain {
  static func main() { ConsoleCommand.runAsProgram() }
}

/// The `console` program: prints the live log stream or log files, one record a line.
struct ConsoleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "console",
    abstract: "Print the log stream or log files as readable lines.",
    discussion: """
      \u{2192} marks messages that we sent, \u{2190} messages that we received.

      For each source, the first line gives the number of open connections. With --json, with --type meta, \
      and for log files, every open connection has a line of its own.
      """,
    version: Netmine.version
  )

  @OptionGroup var console: Console

  func run() throws {
    try console.run()
  }
}
