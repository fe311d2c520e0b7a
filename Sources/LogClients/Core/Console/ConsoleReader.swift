import Access
import Bytes
import EventLoop
import LogConsumer
import LogFiles
import LogProtocol
import LogText
import Logging

/// Prints records as they come, from files or from the log server.
///
/// It blocks while the reader of its output is slow, and reads nothing meanwhile. If the log server then has
/// to drop records, it sends gap records, which are printed too.
final class ConsoleReader {
  /// The error that ended reading; nil if there was none.
  private(set) var failure: (any Error)?

  private let loop = EventLoop()
  private let printer: RecordPrinter
  private let log: Logger
  private let waits: Bool
  private var consumer: LogConsumer?
  private var complaint: String?
  private var isWhole = true
  private var summary: TimerWatcher?
  private var tick: TimerWatcher?
  private var end: TimerWatcher?

  /// Creates a reader.
  ///
  /// - Parameter waits: whether to wait and reconnect if there is no log server.
  init(
    _ origin: LogConsumer.Origin,
    _ criteria: RecordCriteria,
    _ printer: RecordPrinter,
    waits: Bool,
    log: Logger
  ) {
    self.printer = printer
    self.log = log
    self.waits = waits
    summary = TimerWatcher(on: loop) { [unowned self] in write(printer.printSummary) }
    consumer = LogConsumer(origin, criteria, on: loop, handler: self)
    guard case .live = origin else { return }
    if let interval = printer.interval {
      tick = TimerWatcher(on: loop) { [unowned self] in
        // Wait half an interval, so that a record that comes a little late still counts in its interval.
        write { () throws(IOError) in try printer.print(until: Clock.now() - UInt64(interval * 5e8)) }
      }
      tick?.start(after: interval, every: interval)
    }
    if let end = criteria.end {
      let now = Clock.now()
      self.end = TimerWatcher(on: loop) { [unowned self] in loop.stop() }
      self.end?.start(after: end > now ? Double(end - now) / 1e9 + Self.endDelay : 0)
    }
  }

  /// Prints until there are no more records to print.
  func run() throws {
    consumer?.start()
    if !printer.isDone { loop.run() }
    consumer?.cancel()
    if failure == nil { write(printer.finish) }
    if let failure { throw failure }
    guard isWhole else { throw ConsoleError.damaged }
  }

  /// Seconds after `--until` during which records from before it may still come.
  private static let endDelay = 0.5

  private func write(_ body: () throws(IOError) -> Void) {
    guard failure == nil else { return }
    do throws(IOError) { try body() } catch { failure = error }
    stopIfDone()
  }

  private func stopIfDone() {
    guard printer.isDone || failure != nil else { return }
    consumer?.pause()
    loop.stop()
  }
}

extension ConsoleReader: LogConsumerHandler {
  func consumer(_ consumer: LogConsumer, received record: StreamRecord) {
    write { () throws(IOError) in try printer.print(record) }
  }

  /// Prints a record that is skipped as malformed.
  func consumer(_ consumer: LogConsumer, skipped record: StreamRecord) {
    self.consumer(consumer, received: record)
  }

  func consumer(_ consumer: LogConsumer, passedOver record: StreamRecord) {
    printer.skip(record)
  }

  func consumerDidPause(_ consumer: LogConsumer) {
    write(printer.flush)
    if printer.hasSummary { summary?.start(after: RecordLines.summaryDelay) }
  }

  func consumer(_ consumer: LogConsumer, found damage: LogDamage) {
    write(printer.flush)
    log.warning("\(damage)")
    // A torn record at the end may still be being written.
    isWhole = isWhole && damage.kind == .torn
  }

  func consumer(_ consumer: LogConsumer, became state: LogConsumer.State) {
    switch state {
    case .reading: break
    case .live:
      if complaint != nil { log.notice("connected to the log server") }
      complaint = nil
    case .waiting(let reason):
      guard waits else {
        failure = ConsoleError.noServer(reason)
        return loop.stop()
      }
      if complaint != reason { log.warning("no log server: \(reason); waiting for it") }
      complaint = reason
    case .ended: loop.stop()
    case .failed(let error):
      failure = error
      loop.stop()
    }
  }
}
