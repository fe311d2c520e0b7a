import ArgumentParser
import Daemon
import LogProtocol

/// The options of every command that reads log files.
struct LogFileOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Format of the files. (default: what their first records look like)",
      valueName: "format"
    )
  )
  var format: ArchiveFormat?

  @Flag(
    help: """
      Begin near --since, where a segment has an index beside it: faster, but what connections that opened before are \
      called is not known. (What is after --until is never read.)
      """
  )
  var seek = false

  @OptionGroup(title: "Common options") var common: CommonOptions

  @Argument(help: "Log files; - is the standard input.", completion: .file())
  var files: [String]
}
