import Access
import Bytes
import Commands
import EventLoop
import LogConsumer
import LogProtocol
import LogText

/// Prints the requested records of the log stream, until there are enough.
///
/// Fails at once if there is no log server. If the log server goes away later, waits for it.
final class StreamWatch {
  private let address: SocketAddress
  private let key: AccessKey?
  private let filter: RecordCriteria
  private var lines: RecordLines
  private var remaining: Int
  private var text: [UInt8] = []
  private let output: Output
  private var consumer: LogConsumer?
  private var summary: TimerWatcher?
  private var wasConnected = false
  private var isWaiting = false
  private var failure: ClientFailure?

  /// Creates a watch that prints at most `limit` records.
  init(
    _ address: SocketAddress,
    key: AccessKey?,
    _ filter: RecordCriteria,
    _ mode: RecordMode,
    limit: Int,
    _ output: Output
  ) {
    self.address = address
    self.key = key
    self.filter = filter
    lines = RecordLines(filter, mode, isLive: true)
    self.output = output
    remaining = limit
  }

  /// Prints until `limit` is reached, the output is closed, or `duration` seconds have passed.
  func run(on loop: EventLoop, duration: Double?) throws(ClientFailure) {
    var isOver = false
    let timer = TimerWatcher(on: loop) { isOver = true }
    if let duration { timer.start(after: duration) }
    summary = TimerWatcher(on: loop) { [unowned self] in printSummary() }
    var tick: TimerWatcher?
    if let interval = lines.interval {
      // Wait half an interval, so that a record that comes a little late still counts in its interval.
      tick = TimerWatcher(on: loop) { [unowned self] in printRates(Clock.now() - UInt64(interval * 5e8)) }
      tick?.start(after: interval, every: interval)
    }
    if let end = filter.end {
      let now = Clock.now()
      let rest = end > now ? Double(end - now) / 1e9 + 0.5 : 0
      if rest < duration ?? .infinity { timer.start(after: rest) }
    }
    let consumer = LogConsumer(.live(address, key: key), filter, on: loop, handler: self)
    self.consumer = consumer
    consumer.start()
    while !isOver, failure == nil, remaining > 0, !output.isClosed { loop.runOnce() }
    timer.cancel()
    summary?.cancel()
    tick?.cancel()
    consumer.cancel()
    printSummary()
    printRates(.max)
    if let failure { throw failure }
  }

  private func show(_ record: StreamRecord) {
    guard remaining > 0 else { return }
    if lines.append(record, to: &text) { remaining -= 1 }
  }

  private func printRates(_ time: UInt64) {
    var text: [UInt8] = []
    lines.finish(before: time, to: &text)
    output.lines(text)
  }

  private func printSummary() {
    var text: [UInt8] = []
    lines.appendSummary(to: &text)
    output.lines(text)
  }
}

extension StreamWatch: LogConsumerHandler {
  func consumer(_ consumer: LogConsumer, received record: StreamRecord) { show(record) }

  /// Prints a record that is skipped as malformed.
  func consumer(_ consumer: LogConsumer, skipped record: StreamRecord) { show(record) }

  func consumer(_ consumer: LogConsumer, passedOver record: StreamRecord) {
    if remaining > 0 { lines.skip(record, to: &text) }
  }

  func consumerDidPause(_ consumer: LogConsumer) {
    output.lines(text)
    text.removeAll(keepingCapacity: true)
    if lines.hasSummary { summary?.start(after: RecordLines.summaryDelay) }
  }

  func consumer(_ consumer: LogConsumer, became state: LogConsumer.State) {
    switch state {
    case .live:
      if isWaiting { output.complain("The log server is back.") }
      wasConnected = true
      isWaiting = false
    case .waiting(let reason): lost(reason)
    case .reading, .ended, .failed: break
    }
  }

  private func lost(_ reason: String) {
    guard wasConnected else {
      let sentence = "No log server answers on \(address): \(reason). Start it with `logserver`."
      failure = ClientFailure(.unreachable, sentence)
      return
    }
    if !isWaiting { output.complain("The log server is gone: \(reason). Waiting for it.") }
    isWaiting = true
  }
}
