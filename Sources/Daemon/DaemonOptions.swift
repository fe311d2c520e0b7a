public import ArgumentParser

/// The options every daemon takes: the common ones, and how it goes into the background.
public struct DaemonOptions: ParsableArguments {
  /// The words `--daemonize` may be followed by, as coinscope's programs had them.
  public enum Daemonize: String, CaseIterable, ExpressibleByArgument, CustomStringConvertible, Sendable {
    /// Go into the background.
    case yes = "1"
    /// Stay in the foreground.
    case no = "0"

    /// The word for it.
    public var description: String { rawValue }
  }

  /// The options every program takes.
  @OptionGroup public var common: CommonOptions

  /// Whether to go into the background; nil for no.
  @Option(
    defaultAsFlag: .yes,
    parsing: .next,
    help: "Go into the background; the command returns when the daemon is up. 0 stays in the foreground."
  )
  public var daemonize: Daemonize?

  /// The pid file; nil for "<program>.pid" in `run_path`.
  @Option(
    help: ArgumentHelp("Write the process id here. Without, <program>.pid in run_path.", valueName: "path"),
    completion: .file()
  )
  public var pidfile: String?

  /// Where stdout and stderr go; nil for the terminal, or nowhere in the background.
  @Option(
    help: ArgumentHelp("Append what goes to stderr to this file.", valueName: "path"),
    completion: .file()
  )
  public var logfile: String?

  /// Creates options nobody has given.
  public init() {}
}
