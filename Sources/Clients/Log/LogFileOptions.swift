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
      Begin near --since also within a segment that has an index beside it: faster, but what connections that opened \
      in it before are called is not known. (Segments that are before, and what is after --until, are never read.)
      """
  )
  var seek = false

  @OptionGroup(title: "Common options") var common: CommonOptions

  @Argument(help: "Log files; - is the standard input.", completion: .file())
  var files: [String]
}
