import ArgumentParser
import Daemon
import LogFiles

/// The options of every command that reads log files.
struct LogFileOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Format of the files. (default: what their first records look like)",
      valueName: "format"
    )
  )
  var format: LogFormat?

  @OptionGroup(title: "Common options") var common: CommonOptions

  @Argument(help: "Log files; - is the standard input.", completion: .file())
  var files: [String]
}
