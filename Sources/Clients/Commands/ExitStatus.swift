import ArgumentParser

/// The exit status of a client command.
public enum ExitStatus: Int32, Sendable {
  /// Everything succeeded.
  case succeeded = 0
  /// Something failed.
  case someFailed = 1
  /// The connector or the log server does not answer.
  case unreachable = 2
  /// The command line is wrong (`EX_USAGE`).
  case usage = 64
  /// The configuration is wrong (`EX_CONFIG`).
  case configuration = 78

  /// The same for the argument parser.
  public var code: ExitCode { ExitCode(rawValue) }
}
