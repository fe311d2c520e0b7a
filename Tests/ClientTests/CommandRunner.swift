import ArgumentParser
import Configuration
import EventLoop
import Observations
import TestSupport

@testable import Commands
@testable import netmine

/// Runs client commands in this process, with a fake connector on the same loop.
final class CommandRunner {
  /// The result of a command.
  struct Outcome {
    var status: ExitStatus
    var lines: [String]
    var complaints: [String]
  }

  let loop = EventLoop()
  let connector: FakeConnector
  let folder = TemporaryFolder()

  init() throws {
    connector = try FakeConnector(on: .unix(folder.path + "control"), loop: loop)
  }

  deinit { connector.close() }

  /// Runs `netmine` with these arguments. Its log root is the test's folder.
  func run(_ arguments: String...) throws -> Outcome { try run(arguments) }

  /// Runs `netmine` with these arguments. Its log root is the test's folder.
  func run(_ arguments: [String]) throws -> Outcome {
    let parsed = try NetmineCommand.parseAsRoot(arguments + ["--root", folder.path])
    guard let command = parsed as? any ClientCommand else {
      throw ValidationError("\(arguments) asks nothing")
    }
    return run(command)
  }

  /// Runs a parsed command.
  func run(_ command: any ClientCommand) -> Outcome {
    var outcome = Outcome(status: .usage, lines: [], complaints: [])
    let output = Output(
      isTerminal: false,
      showsProgress: false,
      result: {
        outcome.lines += String(decoding: $0, as: UTF8.self).split(separator: "\n").map(String.init)
        return true
      },
      complaint: { outcome.complaints += $0.split(separator: "\n").map(String.init) }
    )
    outcome.status = command.run(on: loop, output: output)
    return outcome
  }
}
