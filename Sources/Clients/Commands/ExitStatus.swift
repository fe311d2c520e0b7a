import ArgumentParser

/// How a client command ended, for the script that called it.
public enum ExitStatus: Int32, Sendable {
  /// Everything was done.
  case succeeded = 0
  /// Some of it failed.
  case someFailed = 1
  /// Nobody answers.
  case unreachable = 2
  /// The command line is wrong (`EX_USAGE`).
  case usage = 64
  /// The configuration is wrong (`EX_CONFIG`).
  case configuration = 78

  /// What the parser ends the program with.
  public var code: ExitCode { ExitCode(rawValue) }
}
