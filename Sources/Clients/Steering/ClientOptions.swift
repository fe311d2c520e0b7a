import ArgumentParser
import Daemon

/// The options of all commands that connect to the connector.
public struct ClientOptions: ParsableArguments {
  @OptionGroup(title: "Common options") var common: CommonOptions

  @Option(
    help: ArgumentHelp(
      "The connector's control socket: a path or ADDRESS:PORT. (default: from the configuration)",
      valueName: "path"
    ),
    completion: .file()
  )
  var control: String?

  @Flag(help: "Print JSON, one object per line.")
  var json = false

  /// Creates the options for their parser.
  public init() {}
}
