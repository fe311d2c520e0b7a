public import ArgumentParser

/// The options of every daemon: the common ones, and those for the background.
public struct DaemonOptions: ParsableArguments {
  /// The values of `--daemonize`, as in coinscope's programs.
  public enum Daemonize: String, CaseIterable, ExpressibleByArgument, CustomStringConvertible, Sendable {
    /// Run in the background.
    case yes = "1"
    /// Stay in the foreground.
    case no = "0"

    /// The value on the command line.
    public var description: String { rawValue }
  }

  /// The options of every program.
  @OptionGroup public var common: CommonOptions

  /// Whether to run in the background; nil for no.
  @Option(
    defaultAsFlag: .yes,
    parsing: .next,
    help: "Run in the background. The command returns when the daemon is ready. 0 stays in the foreground."
  )
  public var daemonize: Daemonize?

  /// The pid file; nil for "<program>.pid" in `run_path`.
  @Option(
    help: ArgumentHelp("Write the process id here. (default: <program>.pid in run_path)", valueName: "path"),
    completion: .file()
  )
  public var pidfile: String?

  /// The file for stdout and stderr; nil for the terminal, or `/dev/null` in the background.
  @Option(
    help: ArgumentHelp("Append stdout and stderr to this file.", valueName: "path"),
    completion: .file()
  )
  public var logfile: String?

  /// Creates options with their defaults.
  public init() {}
}
