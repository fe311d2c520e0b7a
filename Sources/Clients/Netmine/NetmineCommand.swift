import ArgumentParser
import Configuration
import ControlCommands
import CrawlCommands
import LogCommands
import NodesCommands

/// The `netmine` command: all client subcommands.
public struct NetmineCommand: ParsableCommand {
  /// The name, help and subcommands.
  public static let configuration = CommandConfiguration(
    commandName: "netmine",
    abstract: "Control a connector, and read its log and its node database.",
    discussion: """
      Exit status: 0 if everything succeeded, 1 if something failed, 2 if the connector or the log server \
      does not answer, 64 if the command line is wrong, 78 if the configuration is wrong.
      """,
    version: Netmine.version,
    groupedSubcommands: [
      CommandGroup(name: "Connections:", subcommands: ControlSubcommands.connections),
      CommandGroup(name: "Measurements:", subcommands: ControlSubcommands.measurements),
      CommandGroup(name: "The network:", subcommands: CrawlSubcommands.all + NodesSubcommands.all),
      CommandGroup(name: "Archives:", subcommands: LogSubcommands.all),
      CommandGroup(name: "Running programs:", subcommands: ControlSubcommands.programs),
    ]
  )

  /// Creates the command with its defaults.
  public init() {}
}
