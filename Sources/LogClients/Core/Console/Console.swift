import Access
import ArgumentParser
import Bytes
import Configuration
import Daemon
import EventLoop
import Glibc
import LogConsumer
import LogFiles
import LogOptions
import LogProtocol
import LogText
import Logging

/// The options of `console`, and its work.
public struct Console: ParsableArguments {
  /// Chooses the records to show.
  @OptionGroup(title: "Which records") public var records: RecordFilterOptions

  /// Chooses how to show records.
  @OptionGroup(title: "How they are shown") public var output: RecordOutputOptions

  /// The number of records to show; nil for all.
  @Option(help: ArgumentHelp("Stop after N records.", valueName: "n"))
  public var count: Int?

  /// Whether the program fails if there is no log server, instead of waiting.
  @Flag(name: .customLong("no-wait"), help: "Fail if there is no log server, instead of waiting for one.")
  public var endsWithoutServer = false

  /// The options that all programs have.
  @OptionGroup(title: "Common options") public var common: CommonOptions

  /// The format of the files; nil to detect it.
  @Option(
    help: ArgumentHelp(
      "Format of the log files. (default: detected from their first records)",
      valueName: "format"
    )
  )
  public var format: ArchiveFormat?

  /// Whether to use indexes to start near `--since`.
  @Flag(
    help: """
      Use a segment's index to start near --since. Faster, but the names of connections that opened earlier \
      in that segment are unknown. (Segments before --since and records after --until are never read.)
      """
  )
  public var seek = false

  /// Log files to read instead of the live stream; `-` is standard input.
  @Argument(
    help: """
      Log files to read instead of the live stream: native or coinscope format, plain or zstd-compressed. - \
      is standard input.
      """,
    completion: .file()
  )
  public var files: [String] = []

  /// Creates options with their defaults.
  public init() {}

  /// Refuses a negative count.
  public mutating func validate() throws {
    if let count, count < 0 { throw ValidationError("--count must be 0 or more") }
  }

  /// Prints records until there are no more, until `--count` is reached, or until nobody reads the output.
  public func run() throws {
    // A closed output pipe must end the program quietly. The signals must work even if the parent process
    // blocked them.
    signal(SIGPIPE, SIG_IGN)
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM] { sigaddset(&signals, number) }
    sigprocmask(SIG_UNBLOCK, &signals, nil)
    let log = common.logger(for: "console")
    let filter = records.filter
    let lines = RecordLines(filter, output.mode(), isLive: files.isEmpty)
    let printer = RecordPrinter(lines, limit: count)
    let origin: LogConsumer.Origin =
      files.isEmpty ? try liveOrigin() : .files(files, format: format, seeks: seek)
    try ConsoleReader(origin, filter, printer, waits: !endsWithoutServer, log: log).run()
  }

  private func liveOrigin() throws -> LogConsumer.Origin {
    let configuration = try common.configuration()
    let server = SocketAddress(server: configuration.logger.subscribeAddress)
    if case .unix(let path) = server {
      try FolderTrust(configuration).checkSocket(path, key: "logger.subscribe_address")
    }
    return .live(server, key: try configuration.readAccessKey().flatMap(AccessKey.init))
  }
}
