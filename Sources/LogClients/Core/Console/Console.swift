import ArgumentParser
import Bytes
import Configuration
import Daemon
import EventLoop
import Glibc
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

  /// Native log files to read instead of the live stream.
  @Argument(
    help: "Native log files to read instead of the live stream; - is the standard input.",
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
    let lines = RecordLines(filter, output.formatter(), isLive: files.isEmpty)
    let printer = RecordPrinter(lines, limit: count)
    if files.isEmpty {
      let configuration = try common.configuration()
      let server = SocketAddress.unix(configuration.logger.root + "subscribe")
      try LiveConsole(server, filter.subscription, printer, waits: !endsWithoutServer, log: log).run()
    } else {
      for path in files where !printer.isDone && !path.hasSuffix(SegmentIndex.suffix) {
        try print(ArchiveFile(path), with: printer, log: log)
      }
    }
  }

  private func print(_ file: ArchiveFile, with printer: RecordPrinter, log: Logger) throws {
    do {
      let ending = try file.forEachRecord { header, body, _ in
        try printer.print(header, body: body)
        return !printer.isDone
      }
      try printer.flush()
      if case .torn(let count) = ending {
        log.warning("\(file.path) ends with \(count) bytes of a record that is not whole")
      }
    } catch let error as WireError {
      try printer.flush()
      throw ConsoleError.notALog(path: file.path, offset: file.offset, reason: "\(error)")
    }
  }
}
