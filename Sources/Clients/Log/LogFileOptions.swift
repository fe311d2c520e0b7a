import ArgumentParser
import Daemon
import LogProtocol

/// The options of every command that reads log files.
struct LogFileOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Format of the files. (default: detected from their first records)",
      valueName: "format"
    )
  )
  var format: ArchiveFormat?

  @Flag(
    help: """
      If a segment has an index, start reading it near --since. This is faster, but the peers of connections \
      that opened earlier in the segment are unknown. (With an index, segments before --since and records \
      after --until are never read.)
      """
  )
  var seek = false

  @OptionGroup(title: "Common options") var common: CommonOptions

  @Argument(help: "Log files; - is the standard input.", completion: .file())
  var files: [String]
}
