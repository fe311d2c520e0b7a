import ArgumentParser
import Commands
import Daemon

/// `netmine log`: what can be done with log files.
struct LogCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log",
    abstract: "Look into log files, check and mend them, cut, merge, convert and export them.",
    discussion: """
      Files can be native or coinscope's, and compressed by zstd; - is the standard input. What is damaged in \
      them is told and passed over; then the exit status is 1.
      """,
    subcommands: [
      CheckCommand.self, CatCommand.self, GrepCommand.self, StatsCommand.self, SliceCommand.self,
      FirstCommand.self, ExportCommand.self, MergeCommand.self, ConvertCommand.self, RepairCommand.self,
      ReplayCommand.self, CompareCommand.self,
    ]
  )
}

/// A subcommand of `netmine log`: it needs no connector.
protocol LogToolCommand: ClientCommand {
  /// Which files it reads.
  var input: LogFileOptions { get }
}

extension LogToolCommand {
  var common: CommonOptions { input.common }
  var control: String? { nil }
}
