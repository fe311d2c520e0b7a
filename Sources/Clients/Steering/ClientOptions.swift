import ArgumentParser
import Daemon

/// The options every command takes that talks to the connector.
public struct ClientOptions: ParsableArguments {
  @OptionGroup(title: "Common options") var common: CommonOptions

  @Option(
    help: ArgumentHelp(
      "Where the connector takes commands: a socket's path, or ADDRESS:PORT. (default: as configured)",
      valueName: "path"
    ),
    completion: .file()
  )
  var control: String?

  @Flag(help: "Print JSON, one object a line.")
  var json = false

  /// Creates the options for their parser.
  public init() {}
}
