import Access
import Bytes
import EventLoop
import LogConsumer
import LogProtocol
import LogText

/// Prints the records of the log stream that are asked for, until there are enough.
///
/// Without a log server it fails at once; one that goes away later is waited for.
final class StreamWatch {
  private let address: SocketAddress
  private let key: AccessKey?
  private let filter: RecordCriteria
  private var lines: RecordLines
  private var remaining: Int
  private let output: Output
  private var subscriber: LogSubscriber?
  private var summary: TimerWatcher?
  private var wasConnected = false
  private var isWaiting = false
  private var failure: ClientFailure?

  /// Creates a watch that prints `limit` records at most.
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

  /// Prints until there is no more to print, nobody reads it, or `duration` seconds have passed.
  func run(on loop: EventLoop, duration: Double?) throws(ClientFailure) {
    var isOver = false
    let timer = TimerWatcher(on: loop) { isOver = true }
    if let duration { timer.start(after: duration) }
    summary = TimerWatcher(on: loop) { [unowned self] in printSummary() }
    var tick: TimerWatcher?
    if let interval = lines.interval {
      // What is a little late still counts with its interval.
      tick = TimerWatcher(on: loop) { [unowned self] in printRates(Clock.now() - UInt64(interval * 5e8)) }
      tick?.start(after: interval, every: interval)
    }
    if let end = filter.end {
      let now = Clock.now()
      let rest = end > now ? Double(end - now) / 1e9 + 0.5 : 0
      if rest < duration ?? .infinity { timer.start(after: rest) }
    }
    let subscriber = LogSubscriber(to: address, key: key, filter.request, on: loop, handler: self)
    self.subscriber = subscriber
    while !isOver, failure == nil, remaining > 0, !output.isClosed { loop.runOnce() }
    timer.cancel()
    summary?.cancel()
    tick?.cancel()
    subscriber.cancel()
    printSummary()
    printRates(.max)
    if let failure { throw failure }
  }

  private func show(_ records: ChunkSlice) throws(WireError) {
    var cursor = RecordCursor(records.bytes)
    var text: [UInt8] = []
    defer { output.lines(text) }
    while remaining > 0, let (header, range) = try cursor.next() {
      let body = UnsafeRawBufferPointer(rebasing: records.bytes[range].dropFirst(RecordHeader.size))
      if lines.append(header, body: body, to: &text) { remaining -= 1 }
    }
    if lines.hasSummary { summary?.start(after: RecordLines.summaryDelay) }
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

extension StreamWatch: LogSubscriberHandler {
  func subscriber(_ subscriber: LogSubscriber, received records: ChunkSlice) {
    do throws(WireError) {
      try show(records)
    } catch {
      failure = ClientFailure(.someFailed, "The log server sent a malformed record: \(error).")
    }
  }

  func subscriberDidConnect(_ subscriber: LogSubscriber) {
    if isWaiting { output.complain("The log server is there again.") }
    wasConnected = true
    isWaiting = false
  }

  func subscriber(_ subscriber: LogSubscriber, lostServerFor reason: String) {
    guard wasConnected else {
      let sentence = "No log server answers on \(address): \(reason). Start it with `logserver`."
      failure = ClientFailure(.unreachable, sentence)
      return
    }
    if !isWaiting { output.complain("The log server is gone: \(reason). Waiting for it.") }
    isWaiting = true
  }
}
