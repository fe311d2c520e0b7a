import ArgumentParser
import Commands
import Daemon

/// `netmine log`: the tools for log files.
struct LogCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log",
    abstract: "Read, search, check, repair, cut, merge, convert, export and replay log files.",
    discussion: """
      Files can be in the native format or coinscope's, compressed with zstd or not; - is the standard \
      input. Damaged parts are reported and skipped; the exit status is then 1.
      """,
    subcommands: [
      CheckCommand.self, CatCommand.self, GrepCommand.self, StatsCommand.self, SliceCommand.self,
      FirstCommand.self, ExportCommand.self, MergeCommand.self, ConvertCommand.self, RepairCommand.self,
      ReplayCommand.self, CompareCommand.self,
    ]
  )
}

/// A subcommand of `netmine log`. It needs no connector.
protocol LogToolCommand: ClientCommand {
  /// The files to read.
  var input: LogFileOptions { get }
}

extension LogToolCommand {
  var common: CommonOptions { input.common }
  var control: String? { nil }
}
