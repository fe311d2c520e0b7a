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

/// The console's options, and what it does with them.
public struct Console: ParsableArguments {
  /// Which records are shown.
  @OptionGroup(title: "Which records") public var records: RecordFilterOptions

  /// How they are shown.
  @OptionGroup(title: "How they are shown") public var output: RecordOutputOptions

  /// How many are shown.
  @Option(help: ArgumentHelp("Stop after this many records.", valueName: "n"))
  public var count: Int?

  /// Whether a missing log server is an error.
  @Flag(name: .customLong("no-wait"), help: "End with an error where there is no log server.")
  public var endsWithoutServer = false

  /// The options every program takes.
  @OptionGroup(title: "Common options") public var common: CommonOptions

  /// The format of the files.
  @Option(
    help: ArgumentHelp(
      "Format of the files. (default: what their first records look like)",
      valueName: "format"
    )
  )
  public var format: ArchiveFormat?

  /// Whether to begin near the time asked for.
  @Flag(
    help: """
      Begin near --since also within a segment that has an index beside it: faster, but what connections that opened \
      in it before are called is not known. (Segments that are before, and what is after --until, are never read.)
      """
  )
  public var seek = false

  /// Log files to read instead of the live stream.
  @Argument(
    help: """
      Log files to read instead of the live stream, native or coinscope's, also compressed by zstd; - is the \
      standard input.
      """,
    completion: .file()
  )
  public var files: [String] = []

  /// Creates options nobody has given.
  public init() {}

  /// Refuses what makes no sense.
  public mutating func validate() throws {
    if let count, count < 0 { throw ValidationError("--count has to be 0 or more") }
  }

  /// Prints records until there are no more, enough, or nobody reads them.
  public func run() throws {
    // A reader of the output that goes away ends it quietly, and whoever has started it can end it, even from
    // a thread that blocks signals.
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
