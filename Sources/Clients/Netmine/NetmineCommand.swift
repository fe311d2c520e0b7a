import ArgumentParser
import Configuration
import ControlCommands
import CrawlCommands
import LogCommands
import NodesCommands

/// The `netmine` command: everything a person or a script does to a running connector.
public struct NetmineCommand: ParsableCommand {
  /// How the command presents itself.
  public static let configuration = CommandConfiguration(
    commandName: "netmine",
    abstract: "Steer a connector and see what it does.",
    discussion: """
      Exit status: 0 when everything was done, 1 when some of it failed, 2 when nobody answers, 64 when \
      the command line is wrong, 78 when the configuration is.
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

  /// Creates the command for its parser.
  public init() {}
}
