import Commands
import Daemon

/// A subcommand that connects to the connector.
public protocol ControlCommand: ClientCommand {
  /// The options that all such commands have.
  var options: ClientOptions { get }
}

extension ControlCommand {
  /// The options that every program takes.
  public var common: CommonOptions { options.common }
  /// The value of `--control`.
  public var control: String? { options.control }
  /// Whether `--json` is given.
  public var isJSON: Bool { options.json }
}
