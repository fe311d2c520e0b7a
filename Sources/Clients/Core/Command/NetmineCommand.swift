import ArgumentParser
import Configuration

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
    subcommands: [
      ConnectCommand.self, DisconnectCommand.self, NodesCommand.self, BroadcastCommand.self,
      SendCommand.self, PingCommand.self, GetaddrCommand.self, CrawlCommand.self, AnnounceCommand.self,
      ProbeCommand.self,
      CycleCommand.self, DedupeCommand.self, TopCommand.self, StatusCommand.self, WatchCommand.self,
      LogCommand.self, VerifyCommand.self, NodesDBCommand.self,
      ReloadCommand.self, ShutdownCommand.self,
    ]
  )

  /// Creates the command for its parser.
  public init() {}
}
