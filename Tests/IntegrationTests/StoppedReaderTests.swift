import Bytes
import EventLoop
import Foundation
import Glibc
import LogProtocol
import Observations
import TestSupport
import Testing

/// A reader process that stops reading, next to one that continues.
@Suite(.serialized) struct StoppedReaderTests {
  /// Counts records and gaps, and keeps the longest delay.
  final class Watcher: LogSubscriberHandler {
    var count = 0
    var bytes = 0
    var gaps = 0
    var lastSequence: UInt64 = 0
    var longest: UInt64 = 0

    func subscriber(_ subscriber: LogSubscriber, received records: ChunkSlice) {
      var cursor = RecordCursor(records.bytes)
      while let (header, range) = try! cursor.next() {
        guard header.sequence > 0 else { continue }
        if header.sequence != lastSequence + 1 { gaps += 1 }
        lastSequence = header.sequence
        count += 1
        bytes += range.count
        longest = max(longest, Clock.now() - header.time)
      }
    }

    func subscriber(_ subscriber: LogSubscriber, lostServerFor reason: String) {}
  }

  @Test func delaysNobodyAndTakesNoMoreMemoryThanItsBound() throws {
    let deployment = Deployment()
    let limit = 64 << 20
    let server = try deployment.startLogServer(["logger.max_buffer=\(limit)", "logger.archive_grace=0.0"])
    let loop = EventLoop()
    let watcher = Watcher()
    let subscriber = LogSubscriber(
      to: .unix(deployment.root + "subscribe"),
      Subscription(),
      on: loop,
      handler: watcher
    )
    let publisher = LogPublisher(
      to: .unix(deployment.root + "publish"),
      as: SourceDescription(instance: 9, process: 1, kind: "test", name: "", version: "1"),
      limit: 64 << 20,
      on: loop
    )
    try loop.run { subscriber.isConnected && publisher.isJoined }
    let stopped = try deployment.run("console", [])
    defer { stopped.signal(SIGKILL) }
    var published = 0
    func publish(_ text: String) {
      publisher.publish(.debug, text: text)
      published += 1
    }
    try loop.run {
      publish("are you there?")
      usleep(1000)
      return stopped.output.contains("are you there?")
    }
    stopped.signal(SIGSTOP)
    // Twice the bound, in records of 1,000 bytes, at up to 100 MB/s.
    let text = String(repeating: "x", count: 968)
    let target = published + 2 * limit / 1000
    var next = Clock.monotonic()
    try loop.run(timeout: 60) {
      if Clock.monotonic() >= next, published < target, publisher.waitingCount < 1 << 20 {
        for _ in 0..<100 { publish(text) }
        next = Clock.monotonic() + 1_000_000
      }
      return published >= target && watcher.count == published
    }
    #expect(watcher.gaps == 0)
    #expect(watcher.longest < 1_000_000_000)
    #expect(publisher.droppedCount == 0)
    let status = try String(contentsOfFile: "/proc/\(server.id)/status", encoding: .utf8)
    let peak = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
    let kibibytes = try #require(Int(peak.split(whereSeparator: \.isWhitespace)[1]))
    #expect(kibibytes * 1024 < limit)
    #expect(server.errors.contains("misses records from now on"))
  }
}
