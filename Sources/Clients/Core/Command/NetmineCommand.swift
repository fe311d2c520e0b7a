import ArgumentParser
import Configuration

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
    subcommands: [
      ConnectCommand.self, DisconnectCommand.self, NodesCommand.self, BroadcastCommand.self,
      SendCommand.self, PingCommand.self, GetaddrCommand.self, CrawlCommand.self, AnnounceCommand.self,
      ProbeCommand.self,
      CycleCommand.self, DedupeCommand.self, TopCommand.self, StatusCommand.self, WatchCommand.self,
      LogCommand.self, VerifyCommand.self, NodesDBCommand.self,
      ReloadCommand.self, ShutdownCommand.self,
    ]
  )

  /// Creates the command with its defaults.
  public init() {}
}
