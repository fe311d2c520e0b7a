import Access
import Bytes
import EventLoop
import LogConsumer
import LogProtocol
import LogText
import Logging

/// Prints the log stream as it comes, from the log server.
///
/// It waits for whoever reads its output, and reads nothing meanwhile: what then becomes too much for the log
/// server to keep, the log server tells in gap records, which are printed too.
final class LiveConsole {
  /// What ended it with an error.
  private(set) var failure: (any Error)?

  private let loop = EventLoop()
  private let printer: RecordPrinter
  private let log: Logger
  private let waits: Bool
  private var subscriber: LogSubscriber?
  private var complaint: String?
  private var summary: TimerWatcher?
  private var tick: TimerWatcher?
  private var end: TimerWatcher?

  /// Starts to look for the log server.
  ///
  /// - Parameter waits: whether to look again when there is none or it is gone.
  init(
    _ server: SocketAddress,
    key: AccessKey?,
    _ filter: RecordCriteria,
    _ printer: RecordPrinter,
    waits: Bool,
    log: Logger
  ) {
    self.printer = printer
    self.log = log
    self.waits = waits
    summary = TimerWatcher(on: loop) { [unowned self] in printSummary() }
    if let interval = printer.interval {
      tick = TimerWatcher(on: loop) { [unowned self] in
        // What is a little late still counts with its interval.
        write { () throws(IOError) in try printer.print(until: Clock.now() - UInt64(interval * 5e8)) }
      }
      tick?.start(after: interval, every: interval)
    }
    if let end = filter.end {
      let now = Clock.now()
      self.end = TimerWatcher(on: loop) { [unowned self] in loop.stop() }
      self.end?.start(after: end > now ? Double(end - now) / 1e9 + Self.endDelay : 0)
    }
    subscriber = LogSubscriber(to: server, key: key, filter.request, on: loop, handler: self)
  }

  /// Prints until there is no more to print.
  func run() throws {
    if !printer.isDone { loop.run() }
    subscriber?.cancel()
    if failure == nil { write(printer.finish) }
    if let failure { throw failure }
  }

  /// Seconds that records of the time asked for may still come after its end.
  private static let endDelay = 0.5

  private func printSummary() { write(printer.printSummary) }

  private func write(_ body: () throws(IOError) -> Void) {
    do throws(IOError) {
      try body()
    } catch {
      failure = error
    }
    if printer.isDone || failure != nil { loop.stop() }
  }
}

extension LiveConsole: LogSubscriberHandler {
  func subscriber(_ subscriber: LogSubscriber, received records: ChunkSlice) {
    var cursor = RecordCursor(records.bytes)
    do {
      while !printer.isDone, let (header, range) = try cursor.next() {
        try printer.print(header, body: UnsafeRawBufferPointer(rebasing: records.bytes[range].dropFirst(32)))
      }
      try printer.flush()
    } catch {
      failure = error
    }
    if printer.hasSummary { summary?.start(after: RecordLines.summaryDelay) }
    if printer.isDone || failure != nil { loop.stop() }
  }

  func subscriberDidConnect(_ subscriber: LogSubscriber) {
    if complaint != nil { log.notice("connected to the log server") }
    complaint = nil
  }

  func subscriber(_ subscriber: LogSubscriber, lostServerFor reason: String) {
    guard waits else {
      failure = ConsoleError.noServer(reason)
      return loop.stop()
    }
    if complaint != reason { log.warning("no log server: \(reason); waiting for it") }
    complaint = reason
  }
}
