import ArgumentParser

/// The subcommands of `netmine` that talk to a running connector or log server.
public enum ControlSubcommands {
  /// Make, close and list connections, and send messages over them.
  public static var connections: [any ParsableCommand.Type] {
    [
      ConnectCommand.self, DisconnectCommand.self, CycleCommand.self, DedupeCommand.self, NodesCommand.self,
      SendCommand.self, BroadcastCommand.self,
    ]
  }

  /// Show and measure what peers do.
  public static var measurements: [any ParsableCommand.Type] {
    [WatchCommand.self, TopCommand.self, PingCommand.self, AnnounceCommand.self, ProbeCommand.self]
  }

  /// Look after the running programs.
  public static var programs: [any ParsableCommand.Type] {
    [StatusCommand.self, ReloadCommand.self, ShutdownCommand.self]
  }
}
