import ArgumentParser
import Configuration
import Daemon
import EventLoop

/// The options every client command takes.
struct ClientOptions: ParsableArguments {
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

  /// Where the connector takes commands.
  func controlAddress(_ configuration: Configuration) -> SocketAddress {
    guard let control else { return .unix(configuration.connector.controlPath) }
    return SocketAddress(control) ?? .unix(control)
  }
}
