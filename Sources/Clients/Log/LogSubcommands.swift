import ArgumentParser

/// The subcommands of `netmine` that read and write archives.
public enum LogSubcommands {
  /// `log` and `verify`.
  public static var all: [any ParsableCommand.Type] { [LogCommand.self, VerifyCommand.self] }
}
