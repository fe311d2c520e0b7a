import ArgumentParser

/// The subcommands of `netmine` that read the node database.
public enum NodesSubcommands {
  /// `nodes-db`.
  public static var all: [any ParsableCommand.Type] { [NodesDBCommand.self] }
}
